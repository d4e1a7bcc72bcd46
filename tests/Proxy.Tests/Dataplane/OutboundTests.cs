using System.Net;
using System.Net.Sockets;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class OutboundTests
{
    [Fact]
    public async Task Weights_split_the_requests()
    {
        await using var v1 = await EchoBackend.StartAsync("v1");
        await using var v2 = await EchoBackend.StartAsync("v2");
        var split = new RouteAction.Forward(new WeightedChoice([new("v1", 9), new("v2", 1), new("ghost", 0)]));
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To(split)), Models.Cluster("v1", v1), Models.Cluster("v2", v2)));

        for (var i = 0; i < 1000; i++) Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);

        Assert.InRange(v1.Calls, 860, 940);
        Assert.Equal(1000, v1.Calls + v2.Calls);
    }

    [Fact]
    public async Task A_cluster_that_does_not_exist_is_503_NC_and_no_route_is_404_NR()
    {
        var only = Models.To("nowhere") with { Match = new RouteMatchModel { Path = new PathMatcher(PathMatchKind.Exact, "/only") } };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(only)));

        var missingCluster = await proxy.GetAsync("http://b/only");
        var missingRoute = await proxy.GetAsync("http://b/other");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, ""), missingCluster);
        Assert.Equal((HttpStatusCode.NotFound, ""), missingRoute);
        await proxy.CountedAsync(1, 503, ResponseFlags.NoCluster);
        await proxy.CountedAsync(1, 404, ResponseFlags.NoRoute);
    }

    [Fact]
    public async Task An_unknown_host_passes_through_only_where_the_policy_says_so()
    {
        await using var outside = await EchoBackend.StartAsync("outside");
        var open = Models.Outbound(Models.Table()).With(Models.Passthrough);
        await using var proxy = await TestProxy.StartAsync(open);

        var passed = await proxy.GetAsync($"http://localhost:{outside.Port}/x");
        proxy.State.Apply(open with { OutboundPolicy = OutboundPolicy.RegistryOnly });
        var blocked = await proxy.GetAsync($"http://localhost:{outside.Port}/x");

        Assert.Equal((HttpStatusCode.OK, "outside"), passed);
        Assert.Equal(HttpStatusCode.BadGateway, blocked.Status);
        await proxy.ToldAsync("destination_service_name=\"BlackHoleCluster\"");
    }

    [Fact]
    public async Task The_hosts_header_the_body_and_the_trace_arrive_and_nothing_is_added_for_forwarding()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = async (context, _) => await context.Request.Body.CopyToAsync(context.Response.Body);
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));

        using var response = await proxy.Client.PostAsync("http://b/post?x=%20y", new StringContent("hello"));

        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        var seen = Assert.Single(backend.Requests);
        Assert.Equal("/post?x=%20y", seen.RawTarget);
        Assert.Equal("b", seen.Headers["Host"]);
        Assert.Equal("text/plain; charset=utf-8", seen.Headers["Content-Type"]);
        Assert.Equal("1", seen.Headers["x-envoy-attempt-count"]);
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", seen.Headers["traceparent"]);
        Assert.True(seen.Headers.ContainsKey("x-request-id"));
        Assert.DoesNotContain(seen.Headers.Keys, h => h.StartsWith("x-forwarded", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task An_applications_own_mesh_headers_do_not_leave_the_sidecar()
    {
        await using var backend = await EchoBackend.StartAsync();
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));

        await proxy.GetAsync(
            "http://b/", ("x-envoy-original-path", "/admin"), ("x-forwarded-client-cert", "URI=x"), ("x-mesh-y", "1"), ("x-mine", "1"));

        var seen = Assert.Single(backend.Requests);
        Assert.False(seen.Headers.ContainsKey("x-envoy-original-path"));
        Assert.False(seen.Headers.ContainsKey("x-forwarded-client-cert"));
        Assert.False(seen.Headers.ContainsKey("x-mesh-y"));
        Assert.Equal("1", seen.Headers["x-mine"]);
    }

    [Fact]
    public async Task Rewrite_redirect_and_direct_response_do_what_the_route_says()
    {
        await using var backend = await EchoBackend.StartAsync();
        RouteMatchModel Prefix(string text) => new() { Path = new PathMatcher(PathMatchKind.Prefix, text) };
        var rewrite = Models.To(Models.Forward("c") with { Rewrite = new PathRewrite.OfPrefix("/new/"), HostRewrite = "auth.internal" });
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(
            Models.Table(
                rewrite with { Match = Prefix("/foo/") },
                new RouteModel { Match = Prefix("/p/"), Action = new RouteAction.Redirect { Status = 308, Rewrite = new PathRewrite.OfPrefix("/q/") } },
                new RouteModel { Action = new RouteAction.DirectResponse(418, "down"u8.ToArray()) }),
            Models.Cluster("c", backend)));

        await proxy.GetAsync("http://b/foo/bar?k=v");
        using var redirected = await proxy.Client.GetAsync("http://b/p/bar?k=v");
        var direct = await proxy.GetAsync("http://b/else");

        var seen = Assert.Single(backend.Requests);
        Assert.Equal(("/new/bar?k=v", "auth.internal", "/foo/bar?k=v"), (seen.RawTarget, seen.Headers["Host"], seen.Headers["x-envoy-original-path"]));
        Assert.Equal((HttpStatusCode.PermanentRedirect, "http://b/q/bar?k=v"), (redirected.StatusCode, redirected.Headers.Location!.OriginalString));
        Assert.Equal(((HttpStatusCode)418, "down"), direct);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0")] // the same to whoever dials it
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_call_that_would_come_back_to_this_proxy_goes_nowhere(string host)
    {
        await using var proxy = await TestProxy.StartAsync(new ProxyModel().With(Models.Passthrough));

        var own = proxy.Server.OutboundPort;
        var answer = await RawHttp.SendAsync(own, $"GET http://{host}:{own}/ HTTP/1.1\r\nHost: {host}:{own}\r\n\r\n");

        Assert.Matches("^HTTP/1.1 (400|503) ", answer);
    }

    [Fact]
    public async Task A_connection_that_says_nothing_and_goes_is_no_error()
    {
        await using var backend = await EchoBackend.StartAsync();
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));

        foreach (var linger in new[] { false, true })
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, proxy.Server.OutboundPort);
            if (linger) socket.LingerState = new LingerOption(true, 0); // closes with a reset
        }

        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
        Assert.DoesNotContain(proxy.Log, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_application_may_shorten_the_deadline_of_its_own_call()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = (context, _) => Task.Delay(TimeSpan.FromSeconds(20), context.RequestAborted);
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));

        var answer = await proxy.GetAsync("http://b/", ("x-envoy-upstream-rq-timeout-ms", "200"));

        Assert.Equal((HttpStatusCode.GatewayTimeout, "upstream request timeout"), answer);
        Assert.False(Assert.Single(backend.Requests).Headers.ContainsKey("x-envoy-upstream-rq-timeout-ms"));
    }
}
