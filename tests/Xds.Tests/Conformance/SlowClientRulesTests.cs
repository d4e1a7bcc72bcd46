using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Gateway;
using MeshOrleans.Xds.Tests.Raw;
using MeshOrleans.Xds.Tests.Translation;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>Clients that give no window back cost a bounded amount, keep nobody waiting, and are ended in time.</summary>
public sealed class SlowClientRulesTests
{
    private const int Half = 10;
    private const int Changes = 5;
    private const int FirstWindow = 65_535;

    [Theory]
    [InlineData(Mode.StateOfTheWorld)]
    [InlineData(Mode.Delta)]
    public async Task Half_of_the_streams_of_a_connection_read_nothing_and_the_others_get_every_push(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync(SomeServices());
        await using var connection = await RawConnection.OpenAsync(host.Address);
        var (slow, good) = (new List<ConformanceClient>(), new List<ConformanceClient>());
        for (var i = 0; i < Half; i++)
        {
            slow.Add(await ConformanceClient.OpenAsync(host, mode, connection, window: 0));
            await slow[i].SubscribeAsync(TypeUrls.Cluster);
            good.Add(await ConformanceClient.OpenAsync(host, mode, connection));
            await good[i].LoadAsync();
        }

        await host.UntilAsync(() => slow.All(s => s.Stream.Received == FirstWindow), "the windows of the slow are used up");
        for (var change = 1; change <= Changes; change++)
        {
            host.AddService($"more-{change}", revision: change + 1);
            foreach (var client in good)
            {
                Assert.Contains($"outbound|80||more-{change}.app.svc.cluster.local", (await client.TakeAsync(TypeUrls.Cluster)).Names);
            }
        }

        // A slow client has one response on its way and no queue behind it, whatever has changed meanwhile.
        Assert.Contains($"pilot_xds_pushes{{type=\"cds\"}} {Half + (Half * (1 + Changes))}\n", host.Metrics, StringComparison.Ordinal);
        Assert.All(slow, s => Assert.Equal(FirstWindow, s.Stream.Received));
        host.Clock.Advance(TimeSpan.FromSeconds(29));
        await connection.PingAsync();
        Assert.Equal(2 * Half, host.Status.Count);
        await host.AdvanceUntilAsync(() => host.Status.Count == Half, TimeSpan.FromMilliseconds(100));

        foreach (var client in slow) Assert.NotNull((await client.EndAsync()).ResetCode);
        foreach (var client in good) await client.SilenceAsync();
        Assert.DoesNotContain(host.Log.Lines, line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_client_that_gives_a_little_window_back_in_time_keeps_its_stream()
    {
        await using var host = await GatewayHost.StartAsync(SomeServices());
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld, connection, window: 0);
        await client.SubscribeAsync(TypeUrls.Cluster);

        // Each grant lets at least one piece of the response out, and the time begins anew.
        for (var granted = FirstWindow; granted < FirstWindow + (3 * 131_072); granted += 131_072)
        {
            await host.UntilAsync(() => client.Stream.Received == granted, "the window is used up");
            host.Clock.Advance(TimeSpan.FromSeconds(20));
            await client.Stream.GrantAsync(131_072);
        }

        await client.Stream.GrantAsync(32 << 20);

        Assert.Contains(Mesh.A, (await client.TakeAsync(TypeUrls.Cluster)).Names);
        await client.SilenceAsync();
    }

    /// <summary>A mesh whose clusters are more than half a megabyte.</summary>
    private static MeshSnapshot SomeServices()
    {
        var services = Enumerable.Range(1, 600).Select(i =>
            $"kind: Service\napiVersion: v1\nmetadata: {{ name: service-{i}, namespace: app }}\n"
            + $"spec: {{ selector: {{ app: s{i} }}, ports: [ {{ port: 80, name: http }} ] }}");
        return TestMesh.With(string.Join("\n---\n", services)).Snapshot;
    }
}
