using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Requests in tunnels, and what else comes through them to ports of HTTP.</summary>
public sealed class TunnelledHttpTests
{
    private const string Close = "Connection: close\r\n\r\n";

    [Fact]
    public async Task Requests_in_a_tunnel_are_routed_as_if_they_had_come_to_the_port_they_were_meant_for()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "b:80");
        await tunnel.WriteAsync($"GET /x HTTP/1.1\r\nHost: b\r\n{Close}");
        var answer = await tunnel.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Equal("1", Assert.Single(backend.Requests).Headers["x-envoy-attempt-count"]); // the route was applied
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("[2001:db8::7]", true)]
    [InlineData("10.2.2.3", false)]
    public async Task An_address_in_a_network_is_routed_in_a_tunnel_as_without_one(string address, bool isKnown)
    {
        await using var backend = await EchoBackend.StartAsync("net");
        var host = new VirtualHostModel("net:80", ["10.1.0.0/16", "2001:db8::/32"], [Models.To("c")]);
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(new RouteTableModel("80", [host]), Models.Cluster("c", backend)) with
            {
                OutboundPolicy = OutboundPolicy.RegistryOnly,
            });

        using var tunnel = await TunnelClient.ConnectAsync(proxy, $"{address}:80");
        var port = proxy.Server.OutboundPort;
        var named = await RawHttp.SendAsync(port, $"GET / HTTP/1.1\r\nHost: {address}\r\n{Close}");
        var target = await RawHttp.SendAsync(port, $"GET http://{address}:80/ HTTP/1.1\r\nHost: b\r\n{Close}");

        Assert.StartsWith(isKnown ? "HTTP/1.1 200" : "HTTP/1.1 404", named);
        Assert.StartsWith(isKnown ? "HTTP/1.1 200" : "HTTP/1.1 404", target);
        Assert.Equal(isKnown ? 200 : 502, tunnel.Status);
        if (!isKnown) return;
        await tunnel.WriteAsync($"GET /x HTTP/1.1\r\nHost: {address}\r\n{Close}");
        Assert.StartsWith("HTTP/1.1 200", await tunnel.ReadToEndAsync());
    }

    [Fact]
    public async Task HTTP2_in_a_tunnel_is_served_too()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));
        using var tunnel = await TunnelClient.ConnectAsync(proxy, "b:80");
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, _) => new(tunnel.Stream), UseProxy = false };
        using var client = new HttpClient(handler);

        using var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://b/")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        });

        Assert.Equal((HttpStatusCode.OK, "b"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_request_for_a_host_that_nobody_knows_goes_where_the_tunnel_was_meant_to_go()
    {
        await using var outside = await EchoBackend.StartAsync("outside");
        var model = Any(outside.Port);
        await using var proxy = await TestProxy.StartAsync(model);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, $"127.0.0.1:{outside.Port}");
        await tunnel.WriteAsync($"GET / HTTP/1.1\r\nHost: 192.0.2.1:9\r\n{Close}");
        var answer = await tunnel.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Equal("192.0.2.1:9", Assert.Single(outside.Requests).Headers["Host"]);
    }

    [Fact]
    public async Task Bytes_for_a_port_of_HTTP_pass_when_nobody_knows_the_host_and_the_server_may_speak_first()
    {
        await using var outside = new TcpBackend("hello ");
        await using var proxy = await TestProxy.StartAsync(Any(outside.Port));

        using var silent = await TunnelClient.ConnectAsync(proxy, $"127.0.0.1:{outside.Port}");
        var greeting = await silent.ReadAsync(6);
        using var speaking = await TunnelClient.ConnectAsync(proxy, $"127.0.0.1:{outside.Port}", early: "\u0016\u0003x");
        var echo = await speaking.ReadAsync(9);

        Assert.Equal(("hello ", "hello \u0016\u0003X"), (greeting, echo));
    }

    [Fact]
    public async Task Bytes_never_pass_by_the_routes_of_a_host_of_HTTP()
    {
        await using var backend = new TcpBackend();
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend.Port), Models.Passthrough));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "b:80", early: "\u0016\u0003\u0001 no request\r\n\r\n");
        var answer = await tunnel.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.Equal(0, backend.Connections);
    }

    [Fact]
    public async Task Where_only_the_registry_counts_an_unknown_host_is_refused_at_once()
    {
        await using var outside = await EchoBackend.StartAsync("outside");
        await using var proxy = await TestProxy.StartAsync(
            Any(outside.Port) with { OutboundPolicy = OutboundPolicy.RegistryOnly });

        using var tunnel = await TunnelClient.ConnectAsync(proxy, $"127.0.0.1:{outside.Port}");

        Assert.Equal((502, 0), (tunnel.Status, outside.Calls));
    }

    [Fact]
    public async Task A_CONNECT_that_is_not_the_first_request_of_its_connection_is_refused()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));

        using var client = await TunnelClient.SendAsync(proxy, "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
        await client.WriteAsync("CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n");

        Assert.Contains("HTTP/1.1 501", await client.ReadToEndAsync());
    }

    private static ProxyModel Any(int port)
    {
        var table = new RouteTableModel("any", [new("allow_any", ["*"], [Models.To("PassthroughCluster")])]);
        return new ProxyModel
        {
            Outbound = System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(
                new Dictionary<int, OutboundPortModel> { [port] = new(port, table) }),
        }.With(Models.Passthrough);
    }
}
