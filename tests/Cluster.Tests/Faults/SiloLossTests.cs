using System.Text;
using System.Text.Json;
using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Samples.Harness;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>Silos that die, stand still or are replaced, while the mesh is being changed.</summary>
[Collection(ClusterCollection.Name)]
public sealed class SiloLossTests(ClusterFixture mesh, ITestOutputHelper output) : IAsyncLifetime
{
    private const double ChangesPerMinute = 200;
    private const int JoinsPerSecond = 50;
    private const int TokensPerSecond = 10;
    private static readonly TimeSpan _recovery = TimeSpan.FromSeconds(15);

    // The one that is left declares nobody dead by itself before it has seen their heartbeats stand still.
    private static readonly TimeSpan _recoveryOfOne = TimeSpan.FromSeconds(20);

    // Nothing ends the connections of one that stands still: it is found out by probes, and calls to it are given up first.
    private static readonly TimeSpan _recoveryFromFreeze = TimeSpan.FromSeconds(25);

    public Task InitializeAsync() => mesh.SuperviseAsync(output);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Killing_every_silo_in_turn_loses_no_change_and_no_member_and_signs_nothing_twice()
    {
        var alive = mesh.Cluster.Gateways.Append(mesh.Cluster.Silos[0]).ToArray();
        await using var traffic = mesh.StartTraffic();
        await using var config = ConfigWriter.Start(alive, ChangesPerMinute);
        await using var joining = Registrar.Start(alive, "kill", JoinsPerSecond - TokensPerSecond);
        await using var strangers = Registrar.StartWithTokens(alive, "token", TokensPerSecond);
        await config.MoreAsync(10);

        foreach (var silo in mesh.Cluster.Silos.AsEnumerable().Reverse())
        {
            silo.Process.Kill();
            await config.MoreAsync(20);
            await silo.RestartAsync();
            await config.MoreAsync(10);
        }

        await config.StopAsync();
        await joining.StopAsync();
        await strangers.StopAsync();
        output.WriteLine(
            $"{config.Acknowledged.Count} changes, longest wait {config.LongestWait.TotalSeconds:F1} s, "
            + $"{config.Refusals.Count} refusals; {joining.Joined.Count} members, {joining.Retried} asked again; "
            + $"{strangers.Joined.Count} with a token, {strangers.Retried} asked again; {traffic.Sent} requests");
        await config.VerifyAsync(mesh.Cluster.Silos[1]);
        await joining.VerifyAsync(mesh.Cluster.Gateways[0]);
        await strangers.VerifyAsync(mesh.Cluster.Gateways[1]);
        Registrar.VerifySignatures(mesh.Cluster.Silos);
        Assert.Equal(strangers.Asked, strangers.Joined.Count);
        await mesh.WaitUntilSyncedAsync();
        Assert.Equal(joining.Asked, joining.Joined.Count);
        Assert.True(config.LongestWait < _recovery, $"A change waited {config.LongestWait}:\n{string.Join('\n', config.Refusals)}");
        Assert.True(traffic.Failed == 0, string.Join('\n', traffic.Failures));
    }

    [Fact]
    public async Task Silos_that_stand_still_hold_nothing_up_and_write_nothing_over_what_others_wrote_meanwhile()
    {
        await using var traffic = mesh.StartTraffic();
        await using var config = ConfigWriter.Start(mesh.Cluster.Gateways, ChangesPerMinute);
        await using var joining = Registrar.Start(mesh.Cluster.Gateways, "pause", perSecond: 10);
        await config.MoreAsync(10);

        // Every one of them in turn: whatever grain the changes go through, its silo is among them.
        foreach (var stopped in mesh.Cluster.Silos)
        {
            var held = config.Acknowledged.Last().Number;
            stopped.Process.Pause();
            if (stopped == mesh.Cluster.Silos[0]) await Task.Delay(TimeSpan.FromSeconds(60)); // as long as the fault is to last
            await mesh.WaitUntilDeadAsync(stopped);
            await config.MoreAsync(10);
            var late = PostAsync(stopped, ConfigWriter.Manifest(held)); // waits in its socket
            await config.MoreAsync(5);
            stopped.Process.Resume();

            // To its knowledge that changes nothing, and it must not say so: others have written meanwhile.
            Assert.NotEqual("unchanged", await late);

            // Declared dead long ago, it ends by itself; whoever supervises it starts it again.
            await stopped.Process.WaitForExitAsync(TimeSpan.FromSeconds(60));
            await stopped.RestartAsync();
            await config.MoreAsync(10);
        }

        await config.StopAsync();
        await joining.StopAsync();
        output.WriteLine($"{config.Acknowledged.Count} changes, longest wait {config.LongestWait.TotalSeconds:F1} s, "
            + $"{joining.Joined.Count} members, {traffic.Sent} requests");
        await config.VerifyAsync(mesh.Cluster.Silos[0]);
        await joining.VerifyAsync(mesh.Cluster.Silos[1]);
        Registrar.VerifySignatures(mesh.Cluster.Silos);
        await mesh.WaitUntilSyncedAsync();
        Assert.True(config.LongestWait < _recoveryFromFreeze, $"A change waited {config.LongestWait}:\n{string.Join('\n', config.Refusals)}");
        Assert.True(traffic.Failed == 0, string.Join('\n', traffic.Failures));
    }

    [Fact]
    public async Task Killing_two_silos_at_once_loses_nothing_and_the_third_goes_on()
    {
        await using var config = ConfigWriter.Start(mesh.Cluster.Gateways.Append(mesh.Cluster.Silos[0]), ChangesPerMinute);
        await using var joining = Registrar.StartWithTokens(mesh.Cluster.Gateways, "two", TokensPerSecond);
        await config.MoreAsync(10);

        mesh.Cluster.Silos[1].Process.Kill();
        mesh.Cluster.Silos[2].Process.Kill();
        await config.MoreAsync(20);
        output.WriteLine($"longest wait {config.LongestWait.TotalSeconds:F1} s with one of three silos");
        await Task.WhenAll(mesh.Cluster.Silos.Skip(1).Select(silo => silo.RestartAsync()));
        await config.MoreAsync(10);

        await config.StopAsync();
        await joining.StopAsync();
        output.WriteLine($"{config.Acknowledged.Count} changes, longest wait {config.LongestWait.TotalSeconds:F1} s, "
            + $"{config.Refusals.Count} refusals; {joining.Joined.Count} members, {joining.Retried} asked again");
        await config.VerifyAsync(mesh.Cluster.Silos[1]);
        await joining.VerifyAsync(mesh.Cluster.Silos[2]);
        await mesh.WaitUntilSyncedAsync();
        Assert.Equal(joining.Asked, joining.Joined.Count);
        Assert.True(config.LongestWait < _recoveryOfOne, $"A change waited {config.LongestWait}:\n{string.Join('\n', config.Refusals)}");
    }

    [Fact]
    public async Task A_rolling_restart_of_everything_fails_no_request_loses_no_change_and_issues_no_certificate()
    {
        var serials = await mesh.SerialsAsync();
        await using var traffic = mesh.StartTraffic();
        await using var config = ConfigWriter.Start(mesh.Cluster.Processes, ChangesPerMinute);
        await config.MoreAsync(10);

        foreach (var process in mesh.Cluster.Processes.ToArray())
        {
            process.Process.Terminate();
            Assert.Equal(0, await process.Process.WaitForExitAsync(TimeSpan.FromSeconds(60)));
            await process.RestartAsync();
            await config.MoreAsync(10);
        }

        await config.StopAsync();
        output.WriteLine($"{config.Acknowledged.Count} changes, longest wait {config.LongestWait.TotalSeconds:F1} s, "
            + $"{config.Refusals.Count} refusals, {traffic.Sent} requests");
        await config.VerifyAsync(mesh.Cluster.Silos[0]);
        await mesh.WaitUntilSyncedAsync();
        Assert.Equal(serials, await mesh.SerialsAsync());
        Assert.True(traffic.Failed == 0, string.Join('\n', traffic.Failures));
    }

    private static async Task<string> PostAsync(ControlPlane process, string manifest)
    {
        try
        {
            using var body = new StringContent(manifest, Encoding.UTF8, "application/yaml");
            using var response = await process.Api.PostAsync("/v1/config?reason=late", body);
            if (!response.IsSuccessStatusCode) return $"{response.StatusCode}";
            var answer = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());
            return answer.GetProperty("changes").GetArrayLength() == 0 ? "unchanged" : "changed";
        }
        catch (HttpRequestException exception)
        {
            return exception.Message;
        }
    }
}
