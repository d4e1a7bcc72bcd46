using System.Globalization;
using System.Text.RegularExpressions;
using MeshOrleans.Cluster.Tests.Clients;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>The wall clock of one silo is set ten minutes ahead, then ten minutes back.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ClockTests(ClusterFixture mesh, ITestOutputHelper output) : IAsyncLifetime
{
    public Task InitializeAsync() => mesh.SuperviseAsync(output);

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData(600)]
    [InlineData(-600)]
    public async Task Nothing_expires_and_the_operator_is_told(int seconds)
    {
        using var time = new FakeTime();
        await using var silo = await mesh.Cluster.StartSiloAsync($"silo-clock{seconds}", time.Variables);
        var serials = await mesh.SerialsAsync();
        await using var traffic = mesh.StartTraffic();
        await using var joining = Registrar.Start(mesh.Cluster.Processes.Append(silo), $"clock{(seconds > 0 ? "a" : "b")}", perSecond: 10);
        // a lease that has begun, by far shorter than the jump; of twenty some live on the silo whose clock moves
        var leased = Enumerable.Range(0, 20).Select(i => $"leased{seconds}-{i}").ToArray();
        foreach (var name in leased) await LeasedMember.JoinAsync(silo, name, TimeSpan.FromMinutes(4));
        var before = (await silo.GetAsync("/v1/workloads")).GetArrayLength();
        try
        {
            time.Move(TimeSpan.FromSeconds(seconds));
            var told = await WaitForErrorAsync(silo, error => Math.Abs(error - seconds) < 5);
            output.WriteLine($"told an error of {told} s");
            await Task.Delay(TimeSpan.FromSeconds(20)); // longer than a lease of the members

            var after = await silo.GetAsync("/v1/workloads");
            Assert.True(after.GetArrayLength() >= before);
            Assert.All(after.EnumerateArray(), w => Assert.Equal("Healthy", w.GetProperty("health").GetString()));
            Assert.True(silo.Process.Said("set this machine's clock"), silo.Process.Tail());
            Assert.Equal(serials, await mesh.SerialsAsync());
        }
        finally
        {
            time.Move(TimeSpan.Zero);
        }

        await WaitForErrorAsync(silo, error => Math.Abs(error) < 5);
        foreach (var name in leased) await LeasedMember.LeaveAsync(silo, name);
        await joining.StopAsync();
        await joining.VerifyAsync(silo);
        var now = DateTimeOffset.UtcNow;
        Assert.All(
            (await silo.GetAsync("/v1/identities")).EnumerateArray(),
            i => Assert.InRange(i.GetProperty("notBefore").GetDateTimeOffset(), now.AddHours(-2), now));
        silo.Process.Terminate();
        await silo.Process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        await mesh.WaitUntilSyncedAsync();
        Assert.True(traffic.Failed == 0, string.Join('\n', traffic.Failures));
    }

    private static async Task<double> WaitForErrorAsync(Samples.Harness.ControlPlane silo, Func<double, bool> wanted)
    {
        using var client = new HttpClient();
        var error = double.NaN;
        for (var end = DateTime.UtcNow.AddSeconds(30); DateTime.UtcNow < end; await Task.Delay(200))
        {
            var text = await client.GetStringAsync($"{silo.Monitoring}/metrics");
            var value = Regex.Match(text, @"^mesh_clock_error_seconds (\S+)$", RegexOptions.Multiline).Groups[1].Value;
            error = double.Parse(value, CultureInfo.InvariantCulture);
            if (wanted(error)) return error;
        }

        throw new TimeoutException($"mesh_clock_error_seconds is {error} after 30 s.");
    }
}
