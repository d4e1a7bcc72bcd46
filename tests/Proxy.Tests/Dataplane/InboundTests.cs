using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class InboundTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task Two_sidecars_speak_mTLS_and_the_application_learns_who_called()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);
        await using var client = await ClientAsync(server, _authority.IdOf("b"));

        var answer = await client.GetAsync("http://b/x?y=1", ("x-forwarded-client-cert", "URI=spiffe://forged"));

        Assert.Equal((HttpStatusCode.OK, "app"), answer);
        var seen = Assert.Single(app.Requests);
        Assert.Equal(("/x?y=1", "b"), (seen.RawTarget, seen.Headers["Host"]));
        Assert.Equal($"By={_authority.IdOf("b")};URI={_authority.IdOf("a")}", seen.Headers["x-forwarded-client-cert"]);
        Assert.Equal("1", seen.Headers["x-envoy-attempt-count"]);
        await server.ToldAsync("connection_security_policy=\"mutual_tls\"");
    }

    [Fact]
    public async Task A_strict_port_closes_plaintext_without_an_answer_and_says_so_once()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);

        var answer = await RawHttp.SendAsync(server.InboundPort, Get);

        Assert.True(string.IsNullOrEmpty(answer), answer);
        Assert.Equal((0, 1L), (app.Calls, server.Server.Metrics.PlaintextRefused));
        Assert.Single(server.Log, l => l.Contains("plaintext from 127.0.0.1:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_permissive_port_takes_both_and_strips_what_a_stranger_claims()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Permissive);
        await using var client = await ClientAsync(server, _authority.IdOf("b"));

        var plain = await RawHttp.SendAsync(
            server.InboundPort, "GET / HTTP/1.1\r\nHost: b\r\nx-forwarded-client-cert: URI=spiffe://x\r\nx-envoy-attempt-count: 9\r\n\r\n");
        var mesh = await client.GetAsync("http://b/");

        Assert.StartsWith("HTTP/1.1 200", plain);
        Assert.Equal((HttpStatusCode.OK, "app"), mesh);
        var stranger = app.Requests.First();
        Assert.False(stranger.Headers.ContainsKey("x-forwarded-client-cert"));
        Assert.False(stranger.Headers.ContainsKey("x-envoy-attempt-count"));
    }

    [Fact]
    public async Task Plaintext_HTTP2_with_prior_knowledge_is_served_too()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Permissive);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{server.InboundPort}/")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await http.SendAsync(request);

        Assert.Equal((HttpVersion.Version20, "app"), (response.Version, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Foreign_TLS_goes_to_the_application_unread_when_permissive()
    {
        using var certificate = _authority.Issue("spiffe://not.the/mesh");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var app = Models.Cluster("app", port);
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Permissive, app), _authority.Identity("b"));
        var serving = ServeOneTlsAsync(listener, certificate);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
        await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen!.Equals(certificate));
        await tls.AuthenticateAsClientAsync("own.app");
        var text = await new StreamReader(tls).ReadToEndAsync();

        Assert.Equal("the app's own TLS", text);
        await serving;
    }

    [Fact]
    public async Task A_policy_that_needs_an_identity_refuses_foreign_TLS()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var rules = Models.Rules(
            AuthorizationAction.Allow, new RequestRule.UrlPath(StringMatcher.Prefix("/")), new RequestRule.Always());
        await using var server = await ServerAsync(app, InboundTlsMode.Permissive, rules);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
        await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen is not null);

        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync("own.app"));
        Assert.Contains(server.Log, l => l.Contains("refused a connection", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("domain")]
    [InlineData("root")]
    [InlineData("expired")]
    [InlineData("two ids")]
    [InlineData("none")]
    public async Task A_peer_that_proves_nothing_is_refused(string flaw)
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);
        var elsewhere = new TestAuthority("elsewhere.example");
        using var certificate = flaw switch
        {
            "domain" => elsewhere.Issue(elsewhere.IdOf("a")),
            "root" => elsewhere.Issue(_authority.IdOf("a")),
            "expired" => _authority.Issue(DateTimeOffset.UtcNow.AddMinutes(-1), _authority.IdOf("a")),
            "two ids" => _authority.Issue(_authority.IdOf("a"), _authority.IdOf("admin")),
            _ => null,
        };

        await Assert.ThrowsAnyAsync<Exception>(() => MeshGetAsync(server.InboundPort, certificate));

        Assert.Equal((0, 1L), (app.Calls, server.Server.Metrics.PeersRefused));
        Assert.Single(server.Log, l => l.Contains("refused the certificate of 127.0.0.1:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_peer_that_proves_its_identity_is_served()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);
        using var certificate = _authority.Issue(_authority.IdOf("a"));

        Assert.StartsWith("HTTP/1.1 200", await MeshGetAsync(server.InboundPort, certificate));
    }

    [Theory]
    [InlineData("id")]
    [InlineData("domain")]
    public async Task A_server_that_is_not_the_expected_one_is_not_spoken_to(string flaw)
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);
        var other = new TestAuthority("elsewhere.example");
        var cluster = Models.Mesh("m", server.InboundPort, flaw == "id" ? _authority.IdOf("c") : _authority.IdOf("b"));
        var identity = flaw == "id" ? _authority.Identity("a") : other.Identity("a");
        await using var client = await TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To("m")), cluster), identity);

        var (status, body) = await client.GetAsync("http://b/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("connection failure", body);
        Assert.Equal(0, app.Calls);
        await client.CountedAsync(1, 503, ResponseFlags.UpstreamConnectFailure);
    }

    [Fact]
    public async Task Policy_is_asked_per_request_and_sees_the_normalised_path()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var rules = Models.Rules(AuthorizationAction.Deny, new RequestRule.UrlPath(StringMatcher.Exact("/allow/admin")));
        await using var server = await ServerAsync(app, InboundTlsMode.Strict, rules);
        await using var client = await ClientAsync(server, _authority.IdOf("b"));

        var fine = await client.GetAsync("http://b/allow/x");
        var denied = await client.GetAsync("http://b/allow/admin");
        var hidden = await RawHttp.SendAsync(
            client.Server.OutboundPort, "GET http://b/x/%2e%2e/allow/admin HTTP/1.1\r\nHost: b\r\n\r\n");

        Assert.Equal((HttpStatusCode.OK, "app"), fine);
        Assert.Equal((HttpStatusCode.Forbidden, "RBAC: access denied"), denied);
        Assert.StartsWith("HTTP/1.1 403", hidden);
        Assert.Contains(server.Log, l => l.Contains("ns[app]-policy[p]-rule[0]", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/app/%2f", "/app/%2f")]
    [InlineData("/app%2f/", "/app%2f/")]
    [InlineData("/app\\admin", "/app/admin")]
    [InlineData("/app/%5Cadmin", "/app/%5Cadmin")]
    [InlineData("/a//b", "/a//b")]
    [InlineData("/a/./b/../c", "/a/c")]
    [InlineData("/%61%7e", "/a~")]
    [InlineData("/%c0%ae", "/%c0%ae")]
    [InlineData("/a%20b?q=%2F&r=a b", null)]
    [InlineData("/a?q=%2F&r=../..", "/a?q=%2F&r=../..")]
    [InlineData("/app#foo", null)]
    [InlineData("/a%00", null)]
    [InlineData("/a%zz", null)]
    public async Task The_path_that_policy_saw_is_the_path_that_arrives(string sent, string? arrived)
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);
        await using var client = await ClientAsync(server, _authority.IdOf("b"));

        var answer = await RawHttp.SendAsync(client.Server.OutboundPort, $"GET {sent} HTTP/1.1\r\nHost: b\r\n\r\n");

        if (arrived is null)
        {
            Assert.StartsWith("HTTP/1.1 400", answer);
            Assert.Empty(app.Requests);
        }
        else
        {
            Assert.Equal(arrived, Assert.Single(app.Requests).RawTarget);
        }
    }

    [Fact]
    public async Task A_port_of_bytes_is_relayed_over_mTLS_and_half_close_reaches_the_application()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var server = await RelayAsync(listener);
        var serving = ReverseUntilEndAsync(listener);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
        var stream = client.GetStream();
        await stream.WriteAsync("abc"u8.ToArray());
        client.Client.Shutdown(SocketShutdown.Send);
        var answer = await new StreamReader(stream).ReadToEndAsync();

        Assert.Equal("cba", answer);
        await serving;
        await server.ToldAsync("istio_tcp_received_bytes_total");
    }

    [Fact]
    public async Task Who_says_nothing_and_ends_its_side_hears_what_the_server_says()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var server = await RelayAsync(listener);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
        var stream = client.GetStream();
        client.Client.Shutdown(SocketShutdown.Send);

        using (var connection = await listener.AcceptTcpClientAsync())
        {
            await connection.GetStream().WriteAsync("220 at your service"u8.ToArray());
        }

        Assert.Equal("220 at your service", await new StreamReader(stream).ReadToEndAsync());
    }

    [Fact]
    public async Task Nothing_is_open_before_the_first_configuration()
    {
        await using var server = await TestProxy.StartAsync(ProxyModel.Empty, _authority.Identity("b"));

        Assert.True(string.IsNullOrEmpty(await RawHttp.SendAsync(server.InboundPort, Get)));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData("POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n1;x\ny\r\na\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: b\r\nHost: c\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: b\r\nX : y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: b\r\nX: y\r\n z\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    public async Task Ambiguous_requests_are_refused(string request)
    {
        await using var app = await EchoBackend.StartAsync("app");
        app.Answer = async (context, _) => await context.Request.Body.CopyToAsync(Stream.Null);
        await using var server = await ServerAsync(app, InboundTlsMode.Permissive);

        var answer = await RawHttp.SendAsync(server.InboundPort, request);

        Assert.StartsWith("HTTP/1.1 400", answer);
    }

    [Fact]
    public async Task A_connection_header_ends_what_it_names_but_not_what_the_proxy_sets()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);
        using var certificate = _authority.Issue(_authority.IdOf("a"));

        await MeshGetAsync(
            server.InboundPort,
            certificate,
            "GET / HTTP/1.1\r\nHost: b\r\nConnection: x-secret, x-forwarded-client-cert, x-request-id\r\nx-secret: 1\r\nx-kept: 1\r\n\r\n");

        var seen = Assert.Single(app.Requests);
        Assert.False(seen.Headers.ContainsKey("x-secret"));
        Assert.Equal("1", seen.Headers["x-kept"]);
        Assert.Contains(_authority.IdOf("a"), seen.Headers["x-forwarded-client-cert"]);
        Assert.True(seen.Headers.ContainsKey("x-request-id"));
    }

    private static async Task ServeOneTlsAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsServerAsync(certificate);
        await tls.WriteAsync(Encoding.ASCII.GetBytes("the app's own TLS"));
    }

    private Task<TestProxy> RelayAsync(TcpListener application)
    {
        var app = Models.Cluster("app", ((IPEndPoint)application.LocalEndpoint).Port);
        var model = Models.Inbound(TestProxy.AppPort, InboundTlsMode.Permissive, app);
        return TestProxy.StartAsync(
            model.WithInbound(model.Inbound[TestProxy.AppPort] with { IsHttp = false }), _authority.Identity("b"));
    }

    private static async Task ReverseUntilEndAsync(TcpListener listener)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        var stream = connection.GetStream();
        var text = await new StreamReader(stream).ReadToEndAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(new string([.. text.Reverse()])));
    }

    private static async Task<string> MeshGetAsync(int port, X509Certificate2? certificate, string request = Get)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen is not null);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "outbound_.80_._.b",
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [new("istio-http/1.1"), SslApplicationProtocol.Http11],
        };
        if (certificate is not null) options.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        await tls.AuthenticateAsClientAsync(options);
        await tls.WriteAsync(Encoding.ASCII.GetBytes(request));
        var buffer = new byte[4096];
        var read = await tls.ReadAsync(buffer);
        return read > 0 ? Encoding.ASCII.GetString(buffer, 0, read) : throw new IOException("Closed.");
    }

    private Task<TestProxy> ServerAsync(EchoBackend app, InboundTlsMode mode, AuthorizationModel? rules = null) => TestProxy.StartAsync(
        Models.Inbound(TestProxy.AppPort, mode, Models.Cluster("inbound|8080||", app), rules), _authority.Identity("b"));

    private Task<TestProxy> ClientAsync(TestProxy server, string expectedId) => TestProxy.StartAsync(
        Models.Outbound(Models.Table(Models.To("m")), Models.Mesh("m", server.InboundPort, expectedId)), _authority.Identity("a"));
}
