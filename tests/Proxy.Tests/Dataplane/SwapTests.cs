using System.Net;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class SwapTests
{
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task Swapping_the_model_under_load_fails_no_request()
    {
        await using var v1 = await EchoBackend.StartAsync("v1");
        await using var v2 = await EchoBackend.StartAsync("v2");
        ProxyModel ModelOf(EchoBackend backend) =>
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend));
        await using var proxy = await TestProxy.StartAsync(ModelOf(v1));

        var failures = await LoadAsync(proxy, i => proxy.State.Apply(ModelOf(i % 2 == 0 ? v2 : v1)));

        Assert.Empty(failures);
        Assert.True(v1.Calls > 0 && v2.Calls > 0, $"v1 {v1.Calls}, v2 {v2.Calls}");
    }

    [Fact]
    public async Task Rotating_certificates_and_roots_under_load_fails_no_request()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var added = new TestAuthority("other.example");
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)), _authority.Identity("b"));
        var cluster = Models.Mesh("m", server.InboundPort, _authority.IdOf("b"));
        await using var client = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("m")), cluster), _authority.Identity("a"));

        var failures = await LoadAsync(client, i =>
        {
            TestAuthority[] trusted = i % 4 < 2 ? [added] : [];
            server.State.SetIdentity(_authority.Identity("b", trusted));
            client.State.SetIdentity(_authority.Identity("a", trusted));
        });

        Assert.Empty(failures);
    }

    // The server may hear that a root has left before the client does.
    [Fact]
    public async Task A_root_that_leaves_fails_no_request_of_whom_has_a_certificate_under_the_next()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var next = new TestAuthority(name: "next");
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)),
            _authority.IdentityUnder("b", _authority, next));
        var cluster = Models.Mesh("m", server.InboundPort, _authority.IdOf("b"));
        await using var client = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("m")), cluster), _authority.IdentityUnder("a", _authority, next));

        var before = await client.GetAsync("http://b/");
        client.State.SetIdentity(next.IdentityUnder("a", _authority, next));
        server.State.SetIdentity(next.IdentityUnder("b", next));
        var after = await client.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before.Status, after.Status));
    }

    [Fact]
    public async Task A_connection_older_than_its_certificate_stays_when_a_root_comes()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var next = new TestAuthority(name: "next");
        var clock = new MeshOrleans.Testing.ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)),
            _authority.IdentityUnder("b", _authority),
            clock);
        var cluster = Models.Mesh("m", server.InboundPort, _authority.IdOf("b"));
        await using var client = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("m")), cluster), _authority.IdentityUnder("a", _authority));

        var before = await client.GetAsync("http://b/");
        clock.Jump(TimeSpan.FromHours(2)); // the client's certificate was good for one
        server.State.SetIdentity(_authority.IdentityUnder("b", _authority, next));
        var after = await client.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before.Status, after.Status));
    }

    [Fact]
    public async Task A_peer_whose_roots_are_gone_loses_its_connection()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var foreign = new TestAuthority("other.example");
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)), _authority.Identity("b", foreign));
        var cluster = Models.Mesh("m", server.InboundPort, _authority.IdOf("b"));
        await using var client = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("m")), cluster), foreign.Identity("a", _authority));

        var before = await client.GetAsync("http://b/");
        server.State.SetIdentity(_authority.Identity("b"));
        var after = await client.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (before.Status, after.Status));
        Assert.Equal(1, app.Calls);
    }

    [Fact]
    public async Task A_removed_cluster_gets_no_new_request_and_lets_the_one_in_flight_finish()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Answer = async (_, _) =>
        {
            arrived.SetResult();
            await release.Task;
        };
        var model = Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", app));
        await using var proxy = await TestProxy.StartAsync(model);

        var call = proxy.GetAsync("http://b/");
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(10));
        proxy.State.Apply(model.With());
        var after = await proxy.GetAsync("http://b/");
        release.SetResult();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (after.Status, (await call).Status));
        await proxy.CountedAsync(1, 503, ResponseFlags.NoCluster);
        Assert.Equal(1, app.Calls);
    }

    [Fact]
    public async Task Stopping_lets_the_request_in_flight_finish()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Answer = async (_, _) =>
        {
            arrived.SetResult();
            await release.Task;
        };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", app)));

        var call = proxy.GetAsync("http://b/");
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var stopping = proxy.Server.StopAsync(CancellationToken.None);
        Assert.Equal((true, 1), (proxy.Server.Drain.IsDraining, proxy.Server.Drain.InFlight));
        release.SetResult();

        Assert.Equal(HttpStatusCode.OK, (await call).Status);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<HttpRequestException>(() => proxy.GetAsync("http://b/"));
    }

    // Eight callers, and a change after every twentieth answer of the first.
    private static async Task<IReadOnlyCollection<string>> LoadAsync(TestProxy proxy, Action<int> change)
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        async Task CallAsync(bool changes)
        {
            for (var i = 0; i < 200; i++)
            {
                if (changes && i % 20 == 0) change(i / 20);
                var (status, body) = await proxy.GetAsync("http://b/");
                if (status != HttpStatusCode.OK) failures.Enqueue($"{status}: {body}");
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => CallAsync(n == 0))));
        return failures;
    }
}
