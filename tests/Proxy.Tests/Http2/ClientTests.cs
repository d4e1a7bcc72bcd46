using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Proxy.Http2.Client;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>What a client makes of servers that are written by hand.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task A_response_is_read_with_its_body_and_trailers()
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        var request = (await peer.NextAsync(FrameType.Headers))!;
        Assert.Equal(
            $":method GET|:scheme http|:authority a.example|:path /x?y|x-a 1|x-a 2", peer.Fields(request));
        Assert.True(request.Header.Has(FrameHeader.EndStream));

        await peer.SendAsync(FrameType.Headers, 4, 1, RawPeer.Block(":status 103", "x y")); // not yet the answer
        await peer.SendAsync(FrameType.Headers, 4, 1, RawPeer.Block(":status 201", "x y", "content-type text/plain"));
        await peer.SendAsync(FrameType.Data, 8, 1, 2, (byte)'h', (byte)'i', 0, 0); // padded
        await peer.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block("grpc-status 7"));

        using var response = await answer;
        Assert.Equal("hi", await response.Content.ReadAsStringAsync());
        Assert.Equal(
            (HttpStatusCode.Created, "y", "text/plain", "7"),
            (response.StatusCode, response.Headers.GetValues("x").Single(), response.Content.Headers.ContentType!.ToString(),
                response.TrailingHeaders.GetValues("grpc-status").Single()));
    }

    [Fact]
    public async Task A_request_that_nobody_has_looked_at_goes_to_another_connection()
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var leaving = await server.AcceptAsync();
        await leaving.NextAsync(FrameType.Headers);

        await leaving.SendAsync(FrameType.GoAway, 0, 0, new byte[8]);
        var other = await server.AcceptAsync();
        await other.NextAsync(FrameType.Headers);
        await other.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(":status 200"));

        using var response = await answer;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_refused_request_is_tried_again()
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        await peer.NextAsync(FrameType.Headers);

        await peer.SendNumberAsync(FrameType.RstStream, 1, (uint)Http2Error.RefusedStream);
        Assert.Equal(3, (await peer.NextAsync(FrameType.Headers))!.Header.StreamId);
        await peer.SendAsync(FrameType.Headers, 5, 3, RawPeer.Block(":status 200"));

        using var response = await answer;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(2, 2L)] // as the server says
    [InlineData(7, 7L)] // refused each time
    public async Task A_reset_says_why(int code, long expected)
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        for (var id = 1; id <= (code == 7 ? 5 : 1); id += 2)
        {
            await peer.NextAsync(FrameType.Headers);
            await peer.SendNumberAsync(FrameType.RstStream, id, (uint)code);
        }

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => answer);
        Assert.Equal(expected, Assert.IsType<HttpProtocolException>(failure.InnerException).ErrorCode);
    }

    [Fact]
    public async Task A_connection_that_ends_fails_what_is_under_way_and_the_next_request_has_another()
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        await peer.NextAsync(FrameType.Headers);

        await peer.DisposeAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => answer);
        var next = server.GetAsync();
        var other = await server.AcceptAsync();
        await other.NextAsync(FrameType.Headers);
        await other.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(":status 200"));
        using var response = await next;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_cut_is_not_whole()
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        await peer.NextAsync(FrameType.Headers);
        await peer.SendAsync(FrameType.Headers, 4, 1, RawPeer.Block(":status 200"));
        using var response = await answer;
        var body = await response.Content.ReadAsStreamAsync();
        await peer.SendAsync(FrameType.Data, 0, 1, 1);
        Assert.Equal(1, await body.ReadAsync(new byte[10]));

        await peer.SendNumberAsync(FrameType.RstStream, 1, (uint)Http2Error.Cancel);

        await Assert.ThrowsAnyAsync<Exception>(() => body.ReadAsync(new byte[10]).AsTask());
    }

    [Fact]
    public async Task Who_does_not_wait_any_longer_says_so()
    {
        await using var server = new Server();
        using var end = new CancellationTokenSource();
        var answer = server.GetAsync(end.Token);
        var peer = await server.AcceptAsync();
        await peer.NextAsync(FrameType.Headers);

        await end.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Equal("RST_STREAM Cancel", await peer.VerdictAsync());
    }

    [Fact]
    public async Task A_response_that_is_thrown_away_is_reset()
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        await peer.NextAsync(FrameType.Headers);
        await peer.SendAsync(FrameType.Headers, 4, 1, RawPeer.Block(":status 200"));

        (await answer).Dispose();

        Assert.Equal("RST_STREAM Cancel", await peer.VerdictAsync());
    }

    [Fact]
    public async Task No_more_requests_than_the_server_takes()
    {
        await using var server = new Server(isSpread: false);
        var first = server.GetAsync();
        var peer = await server.AcceptAsync(settings: [0, 3, 0, 0, 0, 1]);
        var (one, other) = (await peer.NextAsync(FrameType.Headers, FrameType.Settings), await peer.NextAsync(FrameType.Headers, FrameType.Settings));
        Assert.NotEqual(one!.Header.Type, other!.Header.Type); // the request, and that it has taken our settings, in either order
        var second = server.GetAsync();
        await peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);
        Assert.Equal(FrameType.Ping, (await peer.NextAsync())!.Header.Type);

        await peer.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(":status 200"));
        Assert.Equal(3, (await peer.NextAsync(FrameType.Headers))!.Header.StreamId);
        await peer.SendAsync(FrameType.Headers, 5, 3, RawPeer.Block(":status 204"));

        using var answer = await first;
        using var later = await second;
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NoContent), (answer.StatusCode, later.StatusCode));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_waits_for_the_window_and_ends_the_stream(bool isLengthKnown)
    {
        await using var server = new Server();
        var body = new byte[100_000];
        new Random(1).NextBytes(body);
        HttpContent content = isLengthKnown ? new ByteArrayContent(body) : new StreamContent(new Unseekable(body));
        var answer = server.SendAsync(HttpMethod.Post, content);
        var peer = await server.AcceptAsync();
        var got = new List<byte>();
        while (got.Count < 65_535) got.AddRange((await peer.NextAsync(FrameType.Data))!.Payload);

        await peer.SendNumberAsync(FrameType.WindowUpdate, 0, 100_000);
        await peer.SendNumberAsync(FrameType.WindowUpdate, 1, 100_000);
        RawFrame frame;
        do got.AddRange((frame = (await peer.NextAsync(FrameType.Data))!).Payload);
        while (!frame.Header.Has(FrameHeader.EndStream));
        await peer.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(":status 200"));

        using var response = await answer;
        Assert.Equal(body, got);
    }

    [Fact]
    public async Task A_body_of_length_zero_ends_the_stream()
    {
        await using var server = new Server();
        var answer = server.SendAsync(HttpMethod.Post, new ByteArrayContent([]));
        var peer = await server.AcceptAsync();

        Assert.Equal(FrameHeader.EndStream, (await peer.NextAsync(FrameType.Data))!.Header.Flags);

        await peer.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(":status 200"));
        using var response = await answer;
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_resets_the_request()
    {
        await using var server = new Server();
        var answer = server.SendAsync(HttpMethod.Post, new StreamContent(new Broken()));
        var peer = await server.AcceptAsync();

        Assert.Equal("RST_STREAM Cancel", await peer.VerdictAsync());
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => answer);
        Assert.Contains("on purpose", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(":status abc")]
    [InlineData(":status 101")]
    [InlineData("x y")]
    [InlineData(":status 200|:status 200")]
    [InlineData(":status 200|Upper x")]
    [InlineData(":status 200|connection close")]
    [InlineData(":status 200|x a\nb: c")]
    [InlineData(":status 200|x: y")]
    [InlineData(":status 200|x\x7f y")]
    [InlineData(":status 200|x  y")]
    [InlineData(":status 200|transfer-encoding chunked")]
    [InlineData(":status 200|keep-alive 1")]
    public async Task An_answer_that_is_none_is_refused(string fields)
    {
        await using var server = new Server();
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        await peer.NextAsync(FrameType.Headers);

        await peer.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(fields.Split('|')));

        Assert.Equal("RST_STREAM Protocol", await peer.VerdictAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => answer);
    }

    [Fact]
    public async Task A_connection_that_does_not_answer_pings_is_given_up()
    {
        await using var server = new Server(settings: new Http2Settings
        {
            PingInterval = TimeSpan.FromSeconds(10), PingTimeout = TimeSpan.FromSeconds(5),
        });
        var answer = server.GetAsync();
        var peer = await server.AcceptAsync();
        await peer.NextAsync(FrameType.Headers);

        server.Clock.Advance(TimeSpan.FromSeconds(11));
        var ping = (await peer.NextAsync(FrameType.Ping))!;
        await peer.SendAsync(FrameType.Ping, FrameHeader.Ack, 0, ping.Payload);
        await peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);
        await peer.NextAsync(FrameType.Ping); // it has read the answer
        server.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.NotNull(await peer.NextAsync(FrameType.Ping));
        server.Clock.Advance(TimeSpan.FromSeconds(6));

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => answer);
        Assert.Contains("does not answer pings", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_connection_there_is_no_answer()
    {
        await using var server = new Server(connect: (_, _) => throw new IOException("on purpose"));

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync());

        Assert.Equal((HttpRequestError.ConnectionError, "on purpose"), (failure.HttpRequestError, failure.Message));
    }

    [Fact]
    public async Task Who_waits_for_a_connection_too_long_is_told()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new Server(connect: async (_, token) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, token);
            return Stream.Null;
        });
        var answer = server.GetAsync();
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20));

        server.Clock.Advance(TimeSpan.FromSeconds(11));

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => answer);
        Assert.IsType<TimeoutException>(failure.InnerException);
    }

    [Fact]
    public async Task A_server_that_takes_connections_and_drops_them_is_not_asked_for_ever()
    {
        var made = 0;
        await using var server = new Server(connect: (_, _) =>
        {
            Interlocked.Increment(ref made);
            return new ValueTask<Stream>(Stream.Null); // its end is read at once
        });

        for (var i = 0; i < 500; i++) // whether a connection's end is known before its beginning is a matter of threads
        {
            made = 0;
            await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync());

            Assert.InRange(made, 1, 3);
        }
    }

    [Fact]
    public async Task Before_the_server_has_said_so_only_so_many_begin_as_all_take()
    {
        await using var server = new Server(isSpread: false);
        var all = Enumerable.Range(0, 101).Select(_ => server.GetAsync()).ToArray();
        var peer = await server.AcceptAsync(greets: false);
        for (var i = 0; i < 100; i++) Assert.NotNull(await peer.NextAsync(FrameType.Headers));

        await peer.SendAsync(FrameType.Settings, 0, 0); // as many as it likes
        Assert.Equal(201, (await peer.NextAsync(FrameType.Headers))!.Header.StreamId);

        for (var id = 1; id <= 201; id += 2) await peer.SendAsync(FrameType.Headers, 5, id, RawPeer.Block(":status 204"));
        foreach (var response in await Task.WhenAll(all)) response.Dispose();
    }

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    private sealed class Broken : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidDataException("on purpose");
    }

    private sealed class Server : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly HttpMessageInvoker _client;
        private readonly List<RawPeer> _peers = [];

        public Server(
            bool isSpread = true,
            Http2Settings? settings = null,
            Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? connect = null)
        {
            _listener.Start();
            _client = new HttpMessageInvoker(new Http2Handler(
                new PoolOptions
                {
                    Connect = connect ?? ConnectAsync,
                    ConnectTimeout = TimeSpan.FromSeconds(10),
                    IdleTimeout = TimeSpan.FromMinutes(1),
                    MaxAge = TimeSpan.FromMinutes(10),
                    IsSpread = isSpread,
                    Settings = settings ?? new Http2Settings(),
                },
                Clock));
        }

        public ManualTimeProvider Clock { get; } = new();

        public Task<HttpResponseMessage> GetAsync(CancellationToken cancellationToken = default) =>
            SendAsync(HttpMethod.Get, null, cancellationToken);

        public Task<HttpResponseMessage> SendAsync(
            HttpMethod method, HttpContent? content, CancellationToken cancellationToken = default)
        {
            var request = new HttpRequestMessage(method, "http://127.0.0.1:1/x?y") { Content = content };
            request.Headers.Host = "a.example";
            request.Headers.TryAddWithoutValidation("X-A", ["1", "2"]);
            request.Headers.TryAddWithoutValidation("Connection", "close");
            return _client.SendAsync(request, cancellationToken).WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
        }

        public async Task<RawPeer> AcceptAsync(byte[]? settings = null, bool greets = true)
        {
            var client = await _listener.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromSeconds(20));
            client.NoDelay = true;
            var stream = client.GetStream();
            var preface = new byte[RawPeer.Preface.Length];
            await stream.ReadExactlyAsync(preface);
            Assert.Equal(Encoding.ASCII.GetString(RawPeer.Preface), Encoding.ASCII.GetString(preface));
            var peer = new RawPeer(stream);
            _peers.Add(peer);
            Assert.Equal(FrameType.Settings, (await peer.NextAsync())!.Header.Type);
            if (greets) await peer.SendAsync(FrameType.Settings, 0, 0, settings ?? []);
            return peer;
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            foreach (var peer in _peers) await peer.DisposeAsync();
            _listener.Stop();
        }

        private async ValueTask<Stream> ConnectAsync(DnsEndPoint server, CancellationToken cancellationToken)
        {
            var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, cancellationToken);
            return client.GetStream();
        }
    }
}
