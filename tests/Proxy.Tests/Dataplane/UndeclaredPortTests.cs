using System.Buffers;
using System.Collections.Frozen;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Eventually = MeshOrleans.Proxy.Tests.Sidecar.Eventually;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Connections;
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
    [InlineData("get /views")]
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
        using var certificate = _authority.Issue(_authority.IdOf("a"));

        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "b",
            ApplicationProtocols = [new("istio")],
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        });
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
        using var certificate = _authority.Issue(_authority.IdOf("a"));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "b",
            ApplicationProtocols = [new("istio")],
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        });
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

    [Fact]
    public async Task However_it_is_cut_nothing_that_a_server_takes_for_a_request_passes()
    {
        string[] parts =
        [
            "GET", "POST", "FOO", "get", "G(T", " ", " ", "\t", "\v", "\u001c", "\u0085", "\r", "\n", "\r\n", "/", "/x", "x", "*", "http://b", "HTTP/1.1",
            "http/1.0", "HTTP/", "RTSP/1", "ICE/1", "1", "PROXY", "PRI * ", "\0", "{",
        ];
        string[][] requests =
        [
            ["", "", "\r\n", "\n\n", "\v"], ["GET", "POST", "FOO", "get", "G(T"], [" ", " ", " ", "\t", "\v", "\u001c"], ["/", "/x", "x", "*", "http://b"],
            [" ", " ", " ", "\t", "\f", ""], ["HTTP/1.1", "http/1.0", "RTSP/1", "ICE/1", "HTTP/", ""], ["\r\n", "\n", ""], ["a: b\r\n\r\n"],
        ];
        var random = new Random(20261129);
        var (failed, passed, served) = (0, 0, 0);
        for (var round = 0; round < 50_000; round++)
        {
            var any = Enumerable.Range(0, random.Next(1, 9)).Select(_ => parts[random.Next(parts.Length)]);
            var line = requests.Select(choices => choices[random.Next(choices.Length)]);
            var text = string.Concat(random.Next(2) == 0 ? any : line);
            var bytes = Encoding.Latin1.GetBytes(text);
            var pipe = new Pipe(new PipeOptions(useSynchronizationContext: false));
            var told = 0;
            var input = new WatchedInput(pipe.Reader, () => told++);
            var got = new List<byte>();
            try
            {
                for (var at = 0; at < bytes.Length;)
                {
                    var length = random.Next(1, bytes.Length - at + 1);
                    await pipe.Writer.WriteAsync(bytes.AsMemory(at, length));
                    at += length;
                    Assert.True(input.TryRead(out var result));
                    var taken = at == bytes.Length ? (int)result.Buffer.Length : random.Next((int)result.Buffer.Length + 1);
                    got.AddRange(result.Buffer.Slice(0, taken).ToArray());
                    input.AdvanceTo(result.Buffer.GetPosition(taken), result.Buffer.End);
                }

                passed++;
                Assert.Equal((0, text), (told, Encoding.Latin1.GetString([.. got])));
                Assert.False(IsServed(text), text);
            }
            catch (ConnectionAbortedException)
            {
                failed++;
                if (IsServed(text)) served++;
                Assert.Equal(1, told);
                Assert.False(IsServed(Encoding.Latin1.GetString([.. got])), text);
            }
        }

        Assert.True(failed > 5_000 && passed > 5_000 && served > 3_000, $"{failed} failed, {passed} passed, {served} would be served");
    }

    // What some server reads as the head of a request, each by its own rule.
    private static bool IsServed(string text) =>
        Regex.IsMatch(text, "^PROXY[ \\t\\v\\f]") // the PROXY protocol
        || Regex.IsMatch(text, "^[\\r\\n]*[A-Za-z!#$%&'*+.^_`|~-]+ [^ \\r\\n]+ HTTP/[0-9]", RegexOptions.None) // any that keeps to RFC 9112
        || Regex.IsMatch(text, "^[\\r\\n]*(GET|POST) (/|\\*|http://)[^ \\r\\n]*\\r?\\n") // llhttp, HTTP/0.9
        || Regex.IsMatch(text, "^[\\r\\n]*POST (/|\\*|http://)[^ \\r\\n]* RTSP/[0-9]") // llhttp
        || Regex.IsMatch(text, "^[\\r\\n]*GET [^\\r\\n]*/[^\\r\\n]*\\r?\\n") // nginx, blanks in the target
        || Regex.IsMatch(text, "^(\\r?\\n)?[^\\n]*?[^\\s\\u0085\\u001c]+[^\\S\\n]+[^\\s\\u0085\\u001c]+[^\\S\\n]+HTTP/1\\.[01][^\\S\\n]*\\n")
            && text.TrimStart('\r', '\n').Split('\n')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length == 3; // Python

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("M-SEARCH * HTTP/1.0\n", nameof(SpokenProtocol.Http1))]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", nameof(SpokenProtocol.Http2))]
    [InlineData("PRI * HTTP/2.0\r\n", nameof(SpokenProtocol.Incomplete))]
    [InlineData("POST x HT", nameof(SpokenProtocol.Incomplete))]
    [InlineData("GET", nameof(SpokenProtocol.Incomplete))]
    [InlineData("", nameof(SpokenProtocol.Incomplete))]
    [InlineData("\r\n\r\n", nameof(SpokenProtocol.Incomplete))]
    [InlineData("\r\n\r\n\0", nameof(SpokenProtocol.Incomplete))]
    [InlineData("\r\n\r\n\0\r\nQUIT\n", nameof(SpokenProtocol.ProxyHeader))]
    [InlineData("PROXY", nameof(SpokenProtocol.ProxyHeader))]
    [InlineData("PROX", nameof(SpokenProtocol.Doubtful))]
    [InlineData("FOO x", nameof(SpokenProtocol.Doubtful))]
    [InlineData("FOO /", nameof(SpokenProtocol.Http1))]
    [InlineData("foo /", nameof(SpokenProtocol.Incomplete))]
    [InlineData("PUT http:/", nameof(SpokenProtocol.Incomplete))]
    [InlineData("PUT http://", nameof(SpokenProtocol.Http1))]
    [InlineData("a\u0085b\u000bRTSP/1", nameof(SpokenProtocol.Http1))]
    [InlineData("SOURCE x ICE/1", nameof(SpokenProtocol.Http1))]
    [InlineData("FOO / HTTP/1", nameof(SpokenProtocol.Http1))]
    [InlineData("\r\n\r\nGET / HTTP/1.1\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("GET /\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("DESCRIBE rtsp://a/ RTSP/1.0\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("get /views/home\r\n", nameof(SpokenProtocol.Other))] // memcached
    [InlineData("GET foo", nameof(SpokenProtocol.Http1))] // Python reads HTTP/0.9, headers and all
    [InlineData("SET foo bar\r\n", nameof(SpokenProtocol.Other))] // Redis
    [InlineData("10.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 5\n", nameof(SpokenProtocol.Other))] // a log of another server
    [InlineData("CONNECT\naccept-version:1.2\n", nameof(SpokenProtocol.Other))] // STOMP
    [InlineData("PING\r\n", nameof(SpokenProtocol.Other))]
    [InlineData("*1\r\n$4\r\nPING\r\n", nameof(SpokenProtocol.Other))]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", nameof(SpokenProtocol.Other))]
    [InlineData("\u0010\u0026\0\u0004MQTT", nameof(SpokenProtocol.Doubtful))]
    [InlineData("AMQP\0\0\t\u0001", nameof(SpokenProtocol.Doubtful))]
    [InlineData("\u0016\u0003\u0001", nameof(SpokenProtocol.Doubtful))]
    [InlineData("\0\0\0\u0008", nameof(SpokenProtocol.Doubtful))]
    [InlineData("\r\n\0", nameof(SpokenProtocol.Doubtful))]
    [InlineData("\r\n\r\n\0\r\nQUIX", nameof(SpokenProtocol.Other))]
    [InlineData("{\"a\":1}", nameof(SpokenProtocol.Doubtful))]
    [InlineData("{\"a\": 1, \"b\"", nameof(SpokenProtocol.Other))]
    public void What_may_be_a_request_is_told_by_the_first_line(string arrived, string spoken) => Assert.Equal(
        spoken, RequestGuard.Read(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(arrived))).ToString());

    [Theory]
    [InlineData(9_000, "\n", nameof(SpokenProtocol.Other))]
    [InlineData(9_000, " x HTTP/1.1", nameof(SpokenProtocol.Http1))]
    [InlineData(100_000, "", nameof(SpokenProtocol.Doubtful))]
    [InlineData(1_100_000, "", nameof(SpokenProtocol.Other))]
    public void Long_words_are_watched_to_their_end(int length, string end, string spoken)
    {
        var guard = default(RequestGuard);
        guard.Add(Encoding.Latin1.GetBytes(new string('x', length) + end));

        Assert.Equal(spoken, guard.Spoken.ToString());
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
