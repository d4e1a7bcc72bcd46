using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Both sidecars speak the mesh's own HTTP/2.</summary>
public sealed class ProtocolTestsOfOwnHop() : ProtocolTests(HopEngine.Mesh, HopEngine.Mesh);

/// <summary>The caller's sidecar is older, or was told otherwise.</summary>
public sealed class ProtocolTestsOfForeignCaller() : ProtocolTests(HopEngine.Runtime, HopEngine.Mesh);

/// <summary>The called one's is.</summary>
public sealed class ProtocolTestsOfForeignServer() : ProtocolTests(HopEngine.Mesh, HopEngine.Runtime);

/// <summary>Neither does: what the others are compared with.</summary>
public sealed class ProtocolTestsOfForeignHop() : ProtocolTests(HopEngine.Runtime, HopEngine.Runtime);

public abstract class ProtocolTests(HopEngine caller, HopEngine called)
{
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task A_bidirectional_stream_with_trailers_passes_both_sidecars()
    {
        await using var app = await EchoBackend.StartAsync("app", HttpProtocols.Http2);
        app.Answer = EchoStreamAsync;
        await using var server = await ServerAsync(app, UpstreamProtocol.Http2);
        await using var client = await ClientAsync(server);
        using var http = new HttpClient();
        var body = new DuplexContent();
        using var request = Grpc(client, body);

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((HttpStatusCode.OK, false), (response.StatusCode, response.Headers.Contains("grpc-message")));
        await using var answer = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[64];
        for (var i = 0; i < 3; i++)
        {
            await body.WriteAsync($"message {i}");
            var read = await answer.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal($"message {i}", Encoding.UTF8.GetString(buffer, 0, read));
        }

        body.Complete();
        Assert.Equal(0, await answer.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("0", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        Assert.Equal("trailers", Assert.Single(app.Requests).Headers["TE"]);
        await client.ToldAsync("request_protocol=\"grpc\"");
    }

    [Fact]
    public async Task A_web_socket_passes_both_sidecars()
    {
        await using var app = await EchoBackend.StartAsync("app");
        app.Answer = EchoSocketAsync;
        await using var server = await ServerAsync(app, UpstreamProtocol.Http1);
        await using var client = await ClientAsync(server);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));

        using var socket = await ConnectSocketAsync(client, limit.Token);

        Assert.Equal("hello", await EchoOfAsync(socket, limit.Token));
    }

    [Fact]
    public async Task A_web_socket_outlives_the_timeout_of_its_route()
    {
        await using var app = await EchoBackend.StartAsync("app");
        app.Answer = EchoSocketAsync;
        var clock = new MeshOrleans.Testing.ManualTimeProvider();
        var forward = Models.Forward("c") with { Timeout = TimeSpan.FromSeconds(1) };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To(forward)), Models.Cluster("c", app)), clock: clock);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        using var socket = await ConnectSocketAsync(proxy, limit.Token);
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("hello", await EchoOfAsync(socket, limit.Token));
    }

    [Fact]
    public async Task The_handshake_of_a_web_socket_is_tried_again_where_nobody_was_reached()
    {
        await using var app = await EchoBackend.StartAsync("app");
        app.Answer = EchoSocketAsync;
        var retry = new RetryPolicyModel { Attempts = 2, AvoidPreviousHosts = true }.WithConditions("connect-failure");
        var cluster = Models.Cluster("c", app);
        cluster = cluster with
        {
            LoadBalancing = LoadBalancing.RoundRobin,
            Endpoints = [new EndpointModel("127.0.0.1", ClosedPort.Next()), .. cluster.Endpoints],
        };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To(Models.Forward("c") with { Retry = retry })), cluster));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        for (var i = 0; i < 2; i++) // one of them comes to the closed port first
        {
            using var socket = await ConnectSocketAsync(proxy, limit.Token);
            Assert.Equal("hello", await EchoOfAsync(socket, limit.Token));
        }
    }

    [Theory]
    [InlineData(1, 1)] // unary
    [InlineData(3, 1)] // client streaming
    [InlineData(1, 3)] // server streaming
    public async Task Calls_of_gRPC_pass_both_sidecars_with_their_status(int sent, int answered)
    {
        await using var app = await EchoBackend.StartAsync("app", HttpProtocols.Http2);
        var seen = 0;
        app.Answer = async (context, _) =>
        {
            var buffer = new byte[64];
            for (int read; (read = await context.Request.Body.ReadAsync(buffer)) > 0;) seen += read;
            context.Response.ContentType = "application/grpc";
            for (var i = 0; i < answered; i++) await context.Response.WriteAsync("a");
            context.Response.AppendTrailer("grpc-status", "5");
            context.Response.AppendTrailer("grpc-message", "not found");
        };
        await using var server = await ServerAsync(app, UpstreamProtocol.Http2);
        await using var client = await ClientAsync(server);
        using var http = new HttpClient();
        var body = new DuplexContent();
        using var request = Grpc(client, body);

        var calling = http.SendAsync(request);
        for (var i = 0; i < sent; i++) await body.WriteAsync("m");
        body.Complete();
        using var response = await calling.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal((sent, new string('a', answered)), (seen, await response.Content.ReadAsStringAsync()));
        Assert.Equal("5", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        Assert.Equal("not found", Assert.Single(response.TrailingHeaders.GetValues("grpc-message")));
        await client.ToldAsync("grpc_response_status=\"5\"");
    }

    [Fact]
    public async Task A_call_of_gRPC_that_fails_at_once_has_its_status_in_the_headers()
    {
        await using var app = await EchoBackend.StartAsync("app", HttpProtocols.Http2);
        app.Answer = (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "7";
            return Task.CompletedTask;
        };
        await using var server = await ServerAsync(app, UpstreamProtocol.Http2);
        await using var client = await ClientAsync(server);
        using var http = new HttpClient();
        var body = new DuplexContent();
        body.Complete();
        using var request = Grpc(client, body);

        using var response = await http.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal("7", Assert.Single(response.Headers.GetValues("grpc-status")));
        await client.ToldAsync("grpc_response_status=\"7\"");
    }

    [Fact]
    public async Task Events_of_a_server_arrive_one_by_one()
    {
        var more = new TaskCompletionSource();
        await using var app = await EchoBackend.StartAsync("app");
        app.Answer = async (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await more.Task;
            await context.Response.WriteAsync("data: 2\n\n");
        };
        await using var server = await ServerAsync(app, UpstreamProtocol.Http1);
        await using var client = await ClientAsync(server);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));

        using var response = await client.Client.GetAsync("http://b/", HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        var first = await reader.ReadLineAsync(limit.Token);
        more.SetResult(); // only who has the first event lets the second go
        var rest = await reader.ReadToEndAsync(limit.Token);

        Assert.Equal(("text/event-stream", "data: 1", "\ndata: 2\n\n"), (response.Content.Headers.ContentType!.ToString(), first, rest));
    }

    [Fact]
    public async Task Nothing_that_follows_an_upgrade_is_sent_on_before_the_server_has_agreed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var app = Models.Cluster("app", ((IPEndPoint)listener.LocalEndpoint).Port);
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, app), _authority.Identity("b"));
        await using var client = await ClientAsync(server);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, client.Server.OutboundPort);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await socket.GetStream().WriteAsync(
            "GET /ws HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nEARLY"u8.ToArray(), limit.Token);

        using var accepted = await listener.AcceptTcpClientAsync(limit.Token);
        var head = await ReadUntilAsync(accepted.GetStream(), "\r\n\r\n", limit.Token);
        await accepted.GetStream().WriteAsync(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"u8.ToArray(), limit.Token);
        var early = await ReadUntilAsync(accepted.GetStream(), "EARLY", limit.Token);
        await accepted.GetStream().WriteAsync("LATE"u8.ToArray(), limit.Token);
        var answer = await ReadUntilAsync(socket.GetStream(), "LATE", limit.Token);

        Assert.EndsWith("\r\n\r\n", head);
        Assert.Equal("EARLY", early);
        Assert.StartsWith("HTTP/1.1 101", answer);
    }

    [Fact]
    public async Task A_backend_that_answers_before_it_has_read_is_retried_with_the_whole_body()
    {
        await using var app = await EchoBackend.StartAsync("app", HttpProtocols.Http2);
        app.Answer = async (context, call) =>
        {
            if (call == 1) context.Response.StatusCode = 503;
            else await context.Request.Body.CopyToAsync(context.Response.Body);
        };
        var retry = new RetryPolicyModel { Attempts = 1 }.WithConditions("503");
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(
            Models.Table(Models.To(Models.Forward("c") with { Retry = retry })), Models.Cluster("c", app) with { Protocol = UpstreamProtocol.Http2 }));
        var body = new DuplexContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://b/") { Content = body };

        var call = proxy.Client.SendAsync(request);
        await body.WriteAsync("first ");
        while (app.Calls < 2) await body.WriteAsync("and on ");
        body.Complete();
        using var response = await call;

        var text = await response.Content.ReadAsStringAsync();
        Assert.StartsWith("first and on ", text);
        Assert.Equal(body.Written, text);
    }

    [Fact]
    public async Task A_large_body_passes_both_ways()
    {
        await using var app = await EchoBackend.StartAsync("app");
        app.Answer = async (context, _) => await context.Request.Body.CopyToAsync(context.Response.Body);
        await using var server = await ServerAsync(app, UpstreamProtocol.Http1);
        await using var client = await ClientAsync(server);
        var bytes = new byte[5_000_000];
        new Random(1).NextBytes(bytes);

        using var response = await client.Client.PostAsync("http://b/", new ByteArrayContent(bytes));

        Assert.Equal(bytes, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Header_bytes_beyond_ASCII_arrive_as_they_were_sent()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, UpstreamProtocol.Http1);
        await using var client = await ClientAsync(server);
        app.Answer = (context, _) =>
        {
            context.Response.Headers["x-bytes"] = "plain";
            return Task.CompletedTask;
        };

        var answer = await RawHttp.SendAsync(client.Server.OutboundPort, "GET / HTTP/1.1\r\nHost: b\r\nx-bytes: \u00c3\u00a9\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Equal("\u00e9", Assert.Single(app.Requests).Headers["x-bytes"]); // the backend reads UTF-8
    }

    [Fact]
    public async Task An_HTTP_1_0_request_is_asked_to_upgrade()
    {
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table()));

        Assert.StartsWith("HTTP/1.1 426", await RawHttp.SendAsync(proxy.Server.OutboundPort, "GET / HTTP/1.0\r\nHost: b\r\n\r\n"));
    }

    private static HttpRequestMessage Grpc(TestProxy client, HttpContent body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{client.Server.OutboundPort}/pkg.Svc/Call")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = body,
        };
        request.Headers.Host = "b";
        request.Headers.TE.ParseAdd("trailers");
        return request;
    }

    /// <summary>Reads until what has come contains a text, and returns all of it.</summary>
    private static async Task<string> ReadUntilAsync(NetworkStream stream, string text, CancellationToken cancellationToken)
    {
        var (heard, buffer) = (new StringBuilder(), new byte[4096]);
        while (!heard.ToString().Contains(text, StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0) break;
            heard.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return heard.ToString();
    }

    private static async Task EchoStreamAsync(HttpContext context, int call)
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.StartAsync();
        await context.Response.Body.FlushAsync();
        var buffer = new byte[64];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read));
            await context.Response.Body.FlushAsync();
        }

        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static async Task<ClientWebSocket> ConnectSocketAsync(TestProxy proxy, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", "b");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{proxy.Server.OutboundPort}/ws"), cancellationToken);
        return socket;
    }

    private static async Task<string> EchoOfAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, cancellationToken);
        var buffer = new byte[64];
        var received = await socket.ReceiveAsync(buffer, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private static async Task EchoSocketAsync(HttpContext context, int call)
    {
        var upgrade = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpUpgradeFeature>()!;
        var key = context.Request.Headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
#pragma warning disable CA5350 // RFC 6455 section 4.2.2 asks for SHA-1
        var accept = Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData(Encoding.ASCII.GetBytes(key)));
        context.Response.Headers["Connection"] = "Upgrade";
        context.Response.Headers["Upgrade"] = "websocket";
        context.Response.Headers["Sec-WebSocket-Accept"] = accept;
        var stream = await upgrade.UpgradeAsync();
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        var buffer = new byte[64];
        var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
        await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, true, CancellationToken.None);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
    }

    [Fact]
    public async Task A_refused_upload_that_has_stopped_is_over()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(
                TestProxy.AppPort,
                InboundTlsMode.Strict,
                Models.Cluster("app", app),
                Models.Rules(AuthorizationAction.Deny, new RequestRule.UrlPath(StringMatcher.Exact("/no")))),
            _authority.Identity("b"),
            configure: options => options.HopEngine = called);
        await using var client = await ClientAsync(server);
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, client.Server.OutboundPort);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            "POST /no HTTP/1.1\r\nHost: b\r\nContent-Length: 1000\r\n\r\n0123456789"));
        var buffer = new byte[1000];
        var read = await socket.GetStream().ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.StartsWith("HTTP/1.1 403", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);

        for (var i = 0; client.Server.Drain.InFlight > 0; i++)
        {
            Assert.True(i < 300, "The caller's sidecar still holds the request that was refused.");
            await Task.Delay(10);
        }
    }

    private Task<TestProxy> ServerAsync(EchoBackend app, UpstreamProtocol protocol) => TestProxy.StartAsync(
        Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app) with { Protocol = protocol }),
        _authority.Identity("b"),
        configure: options => options.HopEngine = called);

    private Task<TestProxy> ClientAsync(TestProxy server) => TestProxy.StartAsync(
        Models.Outbound(Models.Table(Models.To("m")), Models.Mesh("m", server.InboundPort, _authority.IdOf("b"))),
        _authority.Identity("a"),
        configure: options => options.HopEngine = caller);

    /// <summary>A body that the test writes while the response is already being read.</summary>
    private sealed class DuplexContent : HttpContent
    {
        private readonly System.Threading.Channels.Channel<string> _parts = System.Threading.Channels.Channel.CreateBounded<string>(1);
        private readonly StringBuilder _written = new();

        public DuplexContent() => Headers.ContentType = new("application/grpc");

        public string Written => _written.ToString();

        public async Task WriteAsync(string text)
        {
            await _parts.Writer.WriteAsync(text).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            _written.Append(text);
        }

        public void Complete() => _parts.Writer.Complete();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await foreach (var part in _parts.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(part));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
