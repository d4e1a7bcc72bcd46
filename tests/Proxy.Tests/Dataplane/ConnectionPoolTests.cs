using System.Collections.Concurrent;
using System.Net;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class ConnectionPoolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task An_HTTP2_connection_carries_no_more_streams_than_it_may_and_is_used_again()
    {
        await using var backend = await EchoBackend.StartAsync(protocols: HttpProtocols.Http2);
        var seats = new ConcurrentDictionary<string, int>();
        using var arrived = new SemaphoreSlim(0);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        backend.Answer = async (context, _) =>
        {
            seats.AddOrUpdate(context.Connection.Id, 1, (_, n) => n + 1);
            arrived.Release();
            await release.Task;
        };
        var cluster = Models.Cluster("c", backend) with { Protocol = UpstreamProtocol.Http2, Connection = new() { MaxStreams = 2 } };
        await using var proxy = await StartAsync(cluster);

        var calls = Enumerable.Range(0, 6).Select(_ => proxy.GetAsync("http://b/")).ToList();
        for (var i = 0; i < 6; i++) Assert.True(await arrived.WaitAsync(Patience), $"only {i} of 6 requests have arrived");
        Assert.Equal([2, 2, 2], seats.Values);
        release.SetResult();
        Assert.All(await Task.WhenAll(calls), a => Assert.Equal(HttpStatusCode.OK, a.Status));

        for (var i = 0; i < 6; i++) Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
        Assert.Equal(3, seats.Count);
    }

    [Fact]
    public async Task A_connection_that_has_lived_its_life_takes_no_new_request()
    {
        await using var backend = await EchoBackend.StartAsync();
        var connections = new ConcurrentDictionary<string, bool>();
        backend.Answer = (context, _) =>
        {
            connections[context.Connection.Id] = true;
            return Task.CompletedTask;
        };
        await using var proxy = await StartAsync(
            Models.Cluster("c", backend) with { Connection = new() { MaxAge = TimeSpan.FromMilliseconds(1) } });
        using var limit = new CancellationTokenSource(Patience);

        while (connections.Count < 3)
        {
            Assert.False(limit.IsCancellationRequested, "the first connection is still in use");
            Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
        }
    }

    [Fact]
    public async Task Pings_and_probes_do_no_harm_to_a_healthy_connection()
    {
        await using var backend = await EchoBackend.StartAsync(protocols: HttpProtocols.Http2);
        var cluster = Models.Cluster("c", backend) with
        {
            Protocol = UpstreamProtocol.Http2,
            Connection = new()
            {
                PingInterval = TimeSpan.FromMilliseconds(1),
                PingTimeout = TimeSpan.FromMilliseconds(1),
                Probes = new TcpProbesModel(3, 7200, 75),
            },
        };
        await using var proxy = await StartAsync(cluster);

        Assert.Equal((HttpStatusCode.OK, "echo"), await proxy.GetAsync("http://b/"));
        proxy.State.Apply(Models.Outbound(
            Models.Table(Models.To("c")), cluster with { Connection = new() { Probes = new(null, 0, int.MaxValue) } }));
        Assert.Equal((HttpStatusCode.OK, "echo"), await proxy.GetAsync("http://b/"));
    }

    [Fact]
    public async Task One_connection_and_one_waiting_leave_no_room_for_others_and_nothing_is_retried() // behaviour T18
    {
        await using var backend = await EchoBackend.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        backend.Answer = (_, _) => release.Task;
        var cluster = Models.Cluster("c", backend) with
        {
            Limits = new CircuitLimits(MaxConnections: 1, MaxPendingRequests: 1),
            Connection = new() { MaxRequests = 1 },
        };
        await using var proxy = await StartAsync(cluster);
        await using var other = await StartAsync(cluster);

        var calls = Enumerable.Range(0, 10).Select(_ => proxy.Client.GetAsync("http://b/")).ToList();
        for (var refused = 0; refused < 8; refused++)
        {
            var done = await Task.WhenAny(calls).WaitAsync(Patience);
            calls.Remove(done);
            var response = await done;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal("true", Assert.Single(response.Headers.GetValues("x-envoy-overloaded")));
        }

        await proxy.CountedAsync(8, 503, ResponseFlags.UpstreamOverflow);
        var elsewhere = other.GetAsync("http://b/"); // has limits of its own
        release.SetResult();
        Assert.All(await Task.WhenAll(calls), r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await elsewhere).Status);
        Assert.Equal(3, backend.Calls);
        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
    }

    private static Task<TestProxy> StartAsync(ClusterModel cluster) =>
        TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To("c")), cluster));
}
