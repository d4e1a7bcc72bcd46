using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Eventually = MeshOrleans.Proxy.Tests.Sidecar.Eventually;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Ports of which nobody has declared what is spoken there, at the server's sidecar and at the caller's.</summary>
public sealed class UndeclaredPortTests
{
    private const string Forged = "x-forwarded-client-cert: forged";
    private readonly TestAuthority _authority = new();

    [Theory]
    [InlineData("PING")] // may yet become a method, and the client waits
    [InlineData("SET a b")]
    [InlineData("*1\r\n$4\r\nPING\r\n")]
    [InlineData("SSH-2.0-X\r\n")]
    [InlineData("\0\0\0\u0008")]
    [InlineData("{}")]
    public async Task Bytes_are_carried_in_the_open_and_between_sidecars(string sent)
    {
        await using var app = new TcpBackend();
        await using var server = await ServerAsync(app.Port);
        await using var caller = await CallerAsync(server);

        using var direct = await TunnelClient.SendInPiecesAsync(server.InboundPort, sent);
        using var tunnel = await TunnelClient.ConnectAsync(caller, "b:80");
        await tunnel.WriteAsync(sent);

        Assert.Equal(sent.ToUpperInvariant(), await direct.ReadAsync(sent.Length));
        Assert.Equal((200, sent.ToUpperInvariant()), (tunnel.Status, await tunnel.ReadAsync(sent.Length)));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PRI")]
    [InlineData("\r\n")]
    [InlineData("LOCK x")]
    public async Task What_looks_like_a_request_has_some_time_to_become_one_and_is_carried_then(string sent)
    {
        await using var app = new TcpBackend();
        await using var server = await ServerAsync(app.Port, configure: options => options.FirstBytesTimeout = TimeSpan.FromMilliseconds(50));

        using var client = await TunnelClient.SendInPiecesAsync(server.InboundPort, sent);

        Assert.Equal(sent.ToUpperInvariant(), await client.ReadAsync(sent.Length));
    }

    [Fact]
    public async Task Who_says_nothing_is_let_go()
    {
        await using var app = new TcpBackend("hello");
        await using var server = await ServerAsync(app.Port, configure: options => options.SilenceTimeout = TimeSpan.FromMilliseconds(50));
        await using var caller = await CallerAsync(server);

        using var waiting = await TunnelClient.SendInPiecesAsync(server.InboundPort, "");
        using var ended = await TunnelClient.SendInPiecesAsync(server.InboundPort, "");
        ended.EndSending();
        using var tunnel = await TunnelClient.ConnectAsync(caller, "b:80");
        tunnel.EndSending();

        Assert.Equal(("", "", ""), (await waiting.ReadToEndAsync(), await ended.ReadToEndAsync(), await tunnel.ReadToEndAsync()));
        Assert.Equal((200, 0), (tunnel.Status, app.Connections));
    }

    [Fact]
    public async Task A_handshake_that_comes_late_is_one()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerAsync(app.Port, clock: clock);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
        await using var tls = new SslStream(new SlowStream(client.GetStream(), MinuteAsync), false, (_, seen, _, _) => seen is not null);

        await ShakeHandsAsync(tls);
        await tls.WriteAsync("GET /late HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"u8.ToArray());

        async Task MinuteAsync()
        {
            await Eventually.HoldsAsync("the sidecar waits", () => clock.PendingTimers > 0);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.StartsWith("HTTP/1.1 200", await new StreamReader(tls).ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Contains(_authority.IdOf("a"), Assert.Single(app.Requests).Headers["x-forwarded-client-cert"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task HTTP2_with_prior_knowledge_is_found_behind_a_handshake_that_has_not_agreed_on_it()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app.Port, mode: InboundTlsMode.Strict);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
        await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen is not null);
        await ShakeHandsAsync(tls);
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(tls) };
        using var http = new HttpClient(handler)
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        Assert.Equal("app", await http.GetStringAsync("http://b/two"));
        Assert.Contains(_authority.IdOf("a"), Assert.Single(app.Requests).Headers["x-forwarded-client-cert"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_TLS_of_the_mesh_is_taken_that_of_applications_is_carried()
    {
        await using var app = new TcpBackend();
        await using var server = await ServerAsync(app.Port, mode: InboundTlsMode.Disable);
        using var client = await TunnelClient.SendInPiecesAsync(server.InboundPort, "");
        var hello = "\u0016\u0003\u0001\0\u0005hello";

        await client.WriteAsync(hello);

        Assert.Equal(hello.ToUpperInvariant(), await client.ReadAsync(hello.Length));
    }

    [Fact]
    public async Task Requests_are_requests()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app.Port);
        await using var caller = await CallerAsync(server);

        Assert.Equal((HttpStatusCode.OK, "app"), await caller.GetAsync("http://b/"));
        using var tunnel = await TunnelClient.ConnectAsync(caller, "b:80");
        await tunnel.WriteAsync($"GET /t HTTP/1.1\r\nHost: b\r\n{Forged}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", await tunnel.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 200",
            await RawHttp.SendAsync(server.InboundPort, $"GET /d HTTP/1.1\r\nHost: b\r\n{Forged}\r\n\r\n"),
            StringComparison.Ordinal);
        Assert.Equal(["/", "/t", "/d"], app.Requests.Select(r => r.RawTarget));
        Assert.DoesNotContain(app.Requests, r => r.Headers.Values.Any(v => v.ToString().Contains("forged", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("\r\nGET / HTTP/1.1")]
    [InlineData(" \tGET / HTTP/1.1")]
    [InlineData("GET / HTTP/1.2")]
    [InlineData("GET / HTTP/1.1 ")]
    [InlineData("get\t/\thttp/1.1")]
    [InlineData("FOO / HTTP/1.1")]
    [InlineData("POST /x RTSP/1.0")]
    [InlineData("POST /x")]
    [InlineData("\u000bGET\u000c/\u001cHTTP/1.1")]
    [InlineData("G(T / HTTP/1.1")]
    [InlineData("\0\nPOST /admin HTTP/1.1")]
    [InlineData("\u0001 POST x HTTP/1.1")]
    [InlineData("POST\n/admin\nHTTP/1.1")]
    [InlineData("post\nadmin\nHTTP/1.1")]
    [InlineData("post x?\u000b1 HTTP/1.1")]
    [InlineData("post x HTTP/+1.1")]
    [InlineData("post /admin FOO")]
    [InlineData("POST admin")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\0GET / HTTP/1.1")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0")]
    public async Task Nothing_that_a_server_may_take_for_a_request_is_carried(string firstLine)
    {
        var request = $"{firstLine}\r\nHost: b\r\n{Forged}\r\n\r\n";
        var app = new RecordingBackend();
        await using (var server = await ServerAsync(app.Port))
        {
            using var whole = await TunnelClient.SendInPiecesAsync(server.InboundPort, "");
            await whole.WriteAsync(request);
            whole.EndSending();
            await whole.ReadToEndAsync();
        }

        await app.DisposeAsync(); // it has heard everything now
        Assert.All(app.Received, got => Assert.DoesNotContain("forged", got, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("G", "ET / HTTP/1.1")]
    [InlineData("POST", " / HTTP/1.1")]
    [InlineData("FOO x", " HTTP/1.1")]
    [InlineData("FOO x HTTP", "/1.1")]
    [InlineData("POST", " /x")]
    [InlineData("PROX", "Y TCP4 10.0.0.1 10.0.0.2 1 2")]
    [InlineData("\r\n\r\n\0\r\nQUI", "T\n")]
    [InlineData("PRI", " * HTTP/2.0")]
    [InlineData("post x", "\u000bHTTP/")]
    [InlineData("\0", "\nPOST /")]
    public async Task What_is_carried_already_ends_where_it_becomes_a_request(string carried, string rest)
    {
        var app = new RecordingBackend();
        await using (var server = await ServerAsync(
            app.Port, configure: options => options.FirstBytesTimeout = TimeSpan.FromMilliseconds(1)))
        {
            using var client = await TunnelClient.SendInPiecesAsync(server.InboundPort, "");
            await client.WriteAsync(carried);
            await app.HearsAsync(carried);
            await client.WriteAsync($"{rest}\r\nHost: b\r\n{Forged}\r\n\r\n");

            Assert.Equal("", await client.ReadToEndAsync());
            Assert.Single(server.Log, line => line.Contains("declares no protocol", StringComparison.Ordinal));
        }

        await app.DisposeAsync();
        Assert.Equal(carried, Assert.Single(app.Received));
    }

    [Fact]
    public async Task A_rule_of_requests_that_denies_denies_bytes_and_one_that_allows_allows_none()
    {
        var path = new RequestRule.UrlPath(StringMatcher.Exact("/a"));
        await using var app = new TcpBackend();
        foreach (var action in new[] { AuthorizationAction.Deny, AuthorizationAction.Allow })
        {
            await using var server = await ServerAsync(app.Port, Models.Rules(action, path));
            using var client = await TunnelClient.SendInPiecesAsync(server.InboundPort, "");
            await client.WriteAsync("*1\r\n");

            Assert.Equal("", await client.ReadToEndAsync());
        }

        Assert.Equal(0, app.Connections);
    }

    [Fact]
    public async Task A_strict_port_takes_bytes_of_the_mesh_alone()
    {
        await using var app = new TcpBackend();
        await using var server = await ServerAsync(app.Port, mode: InboundTlsMode.Strict);
        await using var caller = await CallerAsync(server);

        using var direct = await TunnelClient.SendInPiecesAsync(server.InboundPort, "");
        await direct.WriteAsync("*1\r\n");
        using var tunnel = await TunnelClient.ConnectAsync(caller, "b:80");
        await tunnel.WriteAsync("abc");

        Assert.Equal("", await direct.ReadToEndAsync());
        Assert.Equal("ABC", await tunnel.ReadAsync(3));
        Assert.Equal(1, app.Connections);
    }

    [Theory]
    [InlineData("application/grpc", HttpProtocols.Http2)]
    [InlineData("text/plain", HttpProtocols.Http1)]
    public async Task Calls_of_gRPC_reach_the_application_as_HTTP2_and_all_else_as_HTTP1(string type, HttpProtocols protocol)
    {
        await using var app = await EchoBackend.StartAsync("app", protocol);
        await using var server = await ServerAsync(app.Port);
        await using var caller = await CallerAsync(server);

        var answer = await RawHttp2.SendAsync(
            caller.Server.OutboundPort,
            [(":method", "POST"), (":scheme", "http"), (":authority", "b"), (":path", "/s/m"), ("content-type", type), ("te", "trailers")]);

        Assert.Equal("/s/m", Assert.Single(app.Requests).RawTarget);
        Assert.NotNull(answer);
    }

    // As a sidecar that does not say what it speaks.
    private async Task ShakeHandsAsync(SslStream tls)
    {
        using var certificate = _authority.Issue(_authority.IdOf("a"));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "b",
            ApplicationProtocols = [new("istio")],
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        });
    }

    private Task<TestProxy> ServerAsync(
        int port,
        AuthorizationModel? rules = null,
        InboundTlsMode mode = InboundTlsMode.Permissive,
        Action<DataplaneOptions>? configure = null,
        TimeProvider? clock = null)
    {
        var model = Models.Inbound(TestProxy.AppPort, mode, Models.Cluster("inbound|8080||", port), rules);
        return TestProxy.StartAsync(
            model.WithInbound(model.Inbound[TestProxy.AppPort] with { MayBeBytes = true }), _authority.Identity("b"), clock, configure);
    }

    private Task<TestProxy> CallerAsync(TestProxy server, Action<DataplaneOptions>? configure = null)
    {
        var listener = new OutboundPortModel(80, Models.Table(Models.To("m")))
        {
            Bytes = new Dictionary<string, TcpChainModel> { ["b:80"] = Models.Chain("m") }.ToFrozenDictionary(),
        };
        var model = new ProxyModel
        {
            Outbound = new Dictionary<int, OutboundPortModel> { [80] = listener }.ToFrozenDictionary(),
            OutboundPolicy = OutboundPolicy.RegistryOnly,
        };
        return TestProxy.StartAsync(
            model.With(Models.Mesh("m", server.InboundPort, _authority.IdOf("b"))), _authority.Identity("a"), configure: configure);
    }
}
