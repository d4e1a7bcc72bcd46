using System.Net;
using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>How long connections of bytes last.</summary>
public sealed class RelayLimitTests
{
    [Fact]
    public async Task One_on_which_nothing_moves_is_closed_and_one_on_which_something_does_is_not()
    {
        var clock = new ManualTimeProvider();
        await using var backend = new TcpBackend();
        await using var proxy = await StartAsync(backend, clock, new() { IdleTimeout = TimeSpan.FromMinutes(10) });
        using var silent = await OpenAsync(proxy, clock);
        using var busy = await OpenAsync(proxy, clock);

        clock.Advance(TimeSpan.FromMinutes(6));
        await busy.WriteAsync("b");
        Assert.Equal("B", await busy.ReadAsync(1));
        clock.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal("", await silent.ReadToEndAsync());
        await busy.WriteAsync("c");
        Assert.Equal("C", await busy.ReadAsync(1));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("", await busy.ReadToEndAsync());
        await proxy.ToldAsync("istio_tcp_connections_closed_total{");
    }

    [Fact]
    public async Task One_that_is_too_old_is_closed_whatever_happens_on_it()
    {
        var clock = new ManualTimeProvider();
        await using var backend = new TcpBackend();
        await using var proxy = await StartAsync(
            backend, clock, new() { IdleTimeout = null, MaxDuration = TimeSpan.FromMinutes(1) });
        using var tunnel = await OpenAsync(proxy, clock);

        clock.Advance(TimeSpan.FromSeconds(59));
        await tunnel.WriteAsync("x");
        Assert.Equal("X", await tunnel.ReadAsync(1));
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("", await tunnel.ReadToEndAsync());
    }

    [Fact]
    public async Task A_caller_that_has_left_gives_its_place_back_though_the_backend_says_nothing()
    {
        var clock = new ManualTimeProvider();
        using var backend = new TcpListener(IPAddress.Loopback, 0);
        backend.Start();
        var port = ((IPEndPoint)backend.LocalEndpoint).Port;
        var cluster = Models.Cluster("c", port) with { Limits = new CircuitLimits(MaxConnections: 1) };
        var chain = Models.Chain("c") with { Relay = new() { IdleTimeout = TimeSpan.FromMinutes(1) } };
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(chain, [], cluster), clock: clock);
        using (var gone = await OpenAsync(proxy, clock))
        {
            using var frozen = await backend.AcceptSocketAsync();
            gone.EndSending();
            using var refused = await TunnelClient.ConnectAsync(proxy, "db:3306");
            Assert.Equal(503, refused.Status);

            clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal("", await gone.ReadToEndAsync());
        }

        await Eventually.HoldsAsync("the place is free again", async () =>
        {
            using var next = await TunnelClient.ConnectAsync(proxy, "db:3306");
            return next.Status == 200;
        });
    }

    private static Task<TestProxy> StartAsync(TcpBackend backend, TimeProvider clock, RelayModel relay) =>
        TestProxy.StartAsync(
            Models.Tcp(Models.Chain("c") with { Relay = relay }, [], Models.Cluster("c", backend.Port)), clock: clock);

    // The answer comes before the relay; its time has begun when its timer runs.
    private static async Task<TunnelClient> OpenAsync(TestProxy proxy, ManualTimeProvider clock)
    {
        var before = clock.PendingTimers;
        var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");
        await Eventually.HoldsAsync("the relay has begun", () => clock.PendingTimers > before);
        return tunnel;
    }
}
