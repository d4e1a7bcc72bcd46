using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Http2.Client;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Server;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>What ends badly: peers that go in the middle of it, are slow, or want to cost much.</summary>
public sealed class AdverseTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private static byte[] Frame(FrameType type, int flags, int id, params byte[] payload)
    {
        var frame = new byte[FrameHeader.Size + payload.Length];
        new FrameHeader(payload.Length, type, (byte)flags, id).Write(frame);
        payload.CopyTo(frame, FrameHeader.Size);
        return frame;
    }

    private static byte[] Number(FrameType type, int id, uint number)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, number);
        return Frame(type, 0, id, payload);
    }

    private static byte[] Request(int id, bool ends, string method = "GET") => Frame(
        FrameType.Headers, (ends ? 1 : 0) | 4, id,
        RawPeer.Block($":method {method}", ":scheme http", ":path /", ":authority a"));

    private static byte[] Greeting => [.. RawPeer.Preface, .. Frame(FrameType.Settings, 0, 0)];

    [Fact]
    public async Task A_request_with_a_body_that_comes_while_the_server_leaves_does_not_end_the_others()
    {
        var go = new TaskCompletionSource();
        await using var server = await RawServer.StartAsync(_ => go.Task);
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1);
        await server.Peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);
        await server.Peer.NextAsync(FrameType.Ping);

        server.RequestClose();
        var ping = (await server.Peer.NextAsync(FrameType.Ping))!;
        await server.Peer.SendAsync(FrameType.Ping, FrameHeader.Ack, 0, ping.Payload);
        await server.Peer.NextAsync(FrameType.GoAway);
        await server.Peer.AskAsync(3, endsStream: false); // was under way when the server said it
        await server.Peer.SendAsync(FrameType.Data, 1, 3, 1, 2, 3);

        Assert.Equal("RST_STREAM RefusedStream", await server.Peer.VerdictAsync());
        go.SetResult();
        var answer = await server.Peer.NextAsync(FrameType.Headers, FrameType.GoAway);
        Assert.Equal(FrameType.Headers, answer?.Header.Type);
    }

    [Fact]
    public async Task Bodies_of_requests_that_were_reset_before_they_began_are_given_back()
    {
        var settings = new Http2Settings { ConnectionWindow = 64 * 1024 + 16, StreamWindow = 64 * 1024 };
        await using var server = await RawServer.StartAsync(settings: settings);
        await server.Peer.GreetAsync();
        for (var id = 1; id < 16; id += 2)
        {
            await server.Peer.WriteAsync(
                [.. Request(id, false, "POST"), .. Frame(FrameType.Data, 0, id, new byte[8000]), .. Number(FrameType.RstStream, id, 8)]);
        }

        await server.Peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);

        var next = (await server.Peer.NextAsync(FrameType.WindowUpdate, FrameType.Ping))!;
        if (next.Header.Type is FrameType.WindowUpdate) next = (await server.Peer.NextAsync(FrameType.WindowUpdate, FrameType.Ping))!;
        // 64,000 of 65,552 bytes are spent, and nobody holds any of them
        Assert.Equal(FrameType.WindowUpdate, next.Header.Type);
    }

    [Fact]
    public async Task Three_responses_that_nobody_reads_do_not_stop_all_others()
    {
        var (client, far) = await RawPeer.PairAsync();
        await using var peer = new RawPeer(far);
        using var invoker = new HttpMessageInvoker(new Http2Handler(Options((_, _) => new ValueTask<Stream>(client)), new ManualTimeProvider()));
        var answers = new List<Task<HttpResponseMessage>>();
        for (var i = 0; i < 4; i++) answers.Add(invoker.SendAsync(Get(), default));
        await far.ReadExactlyAsync(new byte[RawPeer.Preface.Length]);
        await peer.SendAsync(FrameType.Settings, 0, 0);
        for (var i = 0; i < 4; i++) Assert.NotNull(await peer.NextAsync(FrameType.Headers));
        for (var id = 1; id <= 7; id += 2)
        {
            await peer.SendAsync(FrameType.Headers, 4, id, RawPeer.Block(":status 200"));
            for (var i = 0; i < 64; i++) await peer.SendAsync(FrameType.Data, 0, id, new byte[16 * 1024]); // a whole window
        }

        using var fourth = await answers[3].WaitAsync(_patience);
        var body = await fourth.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[1024 * 1024]).AsTask().WaitAsync(_patience);
        await peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);

        // all that was sent on stream 7 was read: there must be room on the connection for more of it
        RawFrame next;
        do next = (await peer.NextAsync(FrameType.WindowUpdate, FrameType.Ping))!;
        while (next.Header.Type is FrameType.WindowUpdate && next.Header.StreamId != 0 || IsFirst(next));
        Assert.Equal(FrameType.WindowUpdate, next.Header.Type);

        static bool IsFirst(RawFrame frame) =>
            frame.Header is { Type: FrameType.WindowUpdate, StreamId: 0 } && frame.Number() == (4 * 1024 * 1024) - 65535;
    }

    [Fact]
    public async Task A_request_that_was_read_as_the_connection_broke_ends_too()
    {
        await using var stream = new FakeStream();
        var go = new TaskCompletionSource();
        await using var context = new TestConnection(stream);
        var serving = new Http2Server(
            new ServerOptions
            {
                Serve = async c =>
                {
                    if (c.Request.Method == "GET") await go.Task;
                    else await c.Request.Body.CopyToAsync(Stream.Null);
                },
            },
            new ManualTimeProvider()).ServeAsync(context, stream);
        stream.Feed([.. Greeting, .. Request(1, true)]);
        await stream.WaitedFor(2);

        stream.FailsWrites = true;
        go.SetResult(); // its answer cannot be written: the connection breaks
        await stream.Disposed.WaitAsync(_patience);
        stream.Feed(Request(3, false, "POST")); // what the pending read had already got
        stream.Feed([]); // and then nothing

        await serving.WaitAsync(_patience);
    }

    [Fact]
    public async Task An_answer_on_a_connection_that_broke_does_not_spin()
    {
        await using var stream = new FakeStream();
        var (go, written) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var context = new TestConnection(stream);
        var serving = new Http2Server(
            new ServerOptions
            {
                Serve = async c =>
                {
                    if (c.Request.Method == "GET")
                    {
                        await go.Task;
                        return;
                    }

                    try
                    {
                        for (var i = 0; i < 8; i++) await c.Response.Body.WriteAsync(new byte[64 * 1024]);
                    }
                    finally
                    {
                        written.SetResult();
                    }
                },
            },
            new ManualTimeProvider()).ServeAsync(context, stream);
        stream.Feed(
            [.. RawPeer.Preface, .. Frame(FrameType.Settings, 0, 0, 0, 4, 0, 0x40, 0, 0), .. Number(FrameType.WindowUpdate, 0, 1 << 22),
                .. Request(1, true)]);
        await stream.WaitedFor(2);
        stream.FailsWrites = true;
        go.SetResult();
        await stream.Disposed.WaitAsync(_patience);
        _ = Task.Run(() => stream.Feed(Request(3, true, "POST")));

        await Task.WhenAny(written.Task, serving).WaitAsync(_patience);
        await serving.WaitAsync(_patience);
    }

    [Fact]
    public async Task A_connection_that_ends_at_once_fails_the_request()
    {
        var connects = 0;
        using var invoker = new HttpMessageInvoker(new Http2Handler(
            Options((_, _) =>
            {
                Interlocked.Increment(ref connects);
                return new ValueTask<Stream>(Stream.Null);
            }),
            new ManualTimeProvider()));
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(2));

        var failure = await Record.ExceptionAsync(() => invoker.SendAsync(Get(), end.Token));

        Assert.True(failure is HttpRequestException, $"{failure?.GetType().Name} after {connects} connections");
    }

    [Theory]
    [InlineData("admin.example/")] // the router cannot set it as Host: FormatException, 502
    [InlineData("a.example/x")]
    [InlineData("a,b")]
    [InlineData("a:80:90")]
    [InlineData("[::1")]
    public async Task An_authority_that_Kestrel_refuses_is_refused(string authority)
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();

        await server.Peer.SendAsync(
            FrameType.Headers, 5, 1, RawPeer.Block(":method GET", ":scheme http", ":path /", $":authority {authority}"));

        var next = await server.Peer.NextAsync(FrameType.Headers, FrameType.RstStream);
        Assert.True(
            next!.Header.Type is FrameType.RstStream || server.Peer.Fields(next).StartsWith(":status 400", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_accepted_while_the_server_leaves_begins_with_settings()
    {
        await using var stream = new FakeStream();
        await using var context = new TestConnection(stream);
        context.Features.Set<IConnectionLifetimeNotificationFeature>(new Leaving());
        var serving = new Http2Server(new ServerOptions { Serve = _ => Task.CompletedTask }, new ManualTimeProvider())
            .ServeAsync(context, stream);
        stream.Feed(Greeting);
        stream.Feed([]);
        await serving.WaitAsync(_patience);

        Assert.Equal(FrameType.Settings, (FrameType)stream.Written[3]);
    }

    [Fact]
    public async Task An_answer_whose_beginning_fails_ends_nevertheless()
    {
        await using var server = await RawServer.StartAsync(c =>
        {
            c.Response.OnStarting(() => throw new InvalidOperationException("on purpose"));
            return Task.CompletedTask;
        });
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1);

        Assert.StartsWith(":status 500", server.Peer.Fields((await server.Peer.NextAsync(FrameType.Headers))!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_leaves_writes_the_last_answer_however_slowly_it_is_read()
    {
        await using var stream = new FakeStream();
        var (leaving, clock, go) = (new CancellationTokenSource(), new ManualTimeProvider(), new TaskCompletionSource());
        await using var context = new TestConnection(stream);
        context.Features.Set<IConnectionLifetimeNotificationFeature>(new Leaving { ConnectionClosedRequested = leaving.Token });
        var serving = new Http2Server(
            new ServerOptions
            {
                Serve = async c =>
                {
                    await go.Task;
                    await c.Response.Body.WriteAsync(new byte[10_000]);
                },
            },
            clock).ServeAsync(context, stream);
        stream.Feed([.. Greeting, .. Request(1, true)]);
        await stream.WaitedFor(2);
        var gate = new TaskCompletionSource();
        stream.WriteGate = gate.Task; // the client does not read just now
        await leaving.CancelAsync();
        go.SetResult();

        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.False(stream.Disposed.IsCompleted, "The connection was cut with an answer unwritten.");
        gate.SetResult();
        stream.Feed([]);
        await serving.WaitAsync(_patience);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Behind_Kestrels_TLS_a_connection_that_is_given_up_ends(bool isGreeted)
    {
        var clock = new ManualTimeProvider();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        var server = new Http2Server(new ServerOptions { Serve = _ => Task.CompletedTask }, clock);
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(s => s.UnsafePreferInlineScheduling = true);
        ListenOptions? bound = null;
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listen =>
        {
            bound = listen;
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(certificate);
            listen.Use(_ => async connection =>
            {
                await server.ServeAsync(connection, connection.Features.Get<ISslStreamFeature>()!.SslStream);
                served.SetResult();
            });
        }));
        await using var app = builder.Build();
        await app.StartAsync();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync((IPEndPoint)bound!.EndPoint);
        await using var tls = new SslStream(tcp.GetStream(), false, (_, seen, _, _) => seen is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "a", ApplicationProtocols = [SslApplicationProtocol.Http2],
        });
        if (isGreeted) await tls.WriteAsync(Greeting);
        var buffer = new byte[1000];
        for (var got = 0; got < (isGreeted ? 55 : 20);) got += await tls.ReadAsync(buffer).AsTask().WaitAsync(_patience);

        while (clock.PendingTimers == 0) await Task.Yield();
        clock.Advance(TimeSpan.FromHours(4)); // what a timer throws would end the process

        await served.Task.WaitAsync(_patience);
    }

    [Fact]
    public async Task Settings_that_are_set_again_and_again_are_too_much()
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();
        var payload = new byte[2730 * 6];
        for (var i = 0; i < 2730; i++) (payload[(i * 6) + 1], payload[(i * 6) + 5]) = (4, (byte)(i & 1));

        try
        {
            for (var i = 0; i < 10; i++) await server.Peer.SendAsync(FrameType.Settings, 0, 0, payload);
        }
        catch (IOException)
        {
            // it has closed the connection, as it should
        }

        Assert.Contains(await server.Peer.VerdictAsync(), new[] { "GOAWAY EnhanceYourCalm", "closed" });
    }

    [Fact]
    public async Task Only_the_last_window_of_settings_counts()
    {
        await using var server = await RawServer.StartAsync(context => context.Response.Body.WriteAsync(new byte[100]).AsTask());
        await server.Peer.WriteAsync(RawPeer.Preface);
        await server.Peer.SendAsync(FrameType.Settings, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 0, 0, 0, 60);

        await server.Peer.AskAsync(1);

        Assert.Equal(60, (await server.Peer.NextAsync(FrameType.Data))!.Payload.Length);
    }

    [Fact]
    public async Task A_connection_that_takes_nothing_is_given_up_before_it_holds_much()
    {
        var connects = 0;
        using var invoker = new HttpMessageInvoker(new Http2Handler(
            Options((_, _) =>
            {
                Interlocked.Increment(ref connects);
                return new ValueTask<Stream>(new FakeStream { WriteGate = new TaskCompletionSource().Task });
            }),
            new ManualTimeProvider()));
        for (var (i, most) = (0, 10_000); i < most && Volatile.Read(ref connects) < 2; i++)
        {
            if (Volatile.Read(ref connects) == 0) most++; // what is cancelled before there is a connection is held by none
            await Task.Yield();
            using var end = new CancellationTokenSource();
            var request = Get();
            request.Headers.TryAddWithoutValidation("authorization", new string('x', 4000));
            var answer = invoker.SendAsync(request, end.Token);
            await end.CancelAsync(); // nobody waits so long
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        }

        Assert.Equal(2, connects);
    }

    [Theory]
    [InlineData(true)] // all answered, and no more of the request is wanted
    [InlineData(false)]
    public async Task A_request_that_was_reset_does_not_wait_for_the_rest_of_its_body(bool isAnswered)
    {
        var (client, far) = await RawPeer.PairAsync();
        await using var peer = new RawPeer(far);
        using var invoker = new HttpMessageInvoker(new Http2Handler(Options((_, _) => new ValueTask<Stream>(client)), new ManualTimeProvider()));
        var stuck = new StuckContent();
        var answer = invoker.SendAsync(new HttpRequestMessage(HttpMethod.Post, "http://127.0.0.1:1/") { Content = stuck }, default);
        await far.ReadExactlyAsync(new byte[RawPeer.Preface.Length]);
        await peer.SendAsync(FrameType.Settings, 0, 0);
        await peer.NextAsync(FrameType.Headers);

        if (isAnswered) await peer.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(":status 413"));
        await peer.SendNumberAsync(FrameType.RstStream, 1, isAnswered ? 0u : 2u);

        if (isAnswered) (await answer.WaitAsync(_patience)).Dispose();
        else await Assert.ThrowsAsync<HttpRequestException>(() => answer.WaitAsync(_patience));
        await stuck.Ended.WaitAsync(_patience);
    }

    private sealed class StuckContent : HttpContent
    {
        private readonly TaskCompletionSource _ended = new();

        public Task Ended => _ended.Task;

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken token)
        {
            try
            {
                await stream.FlushAsync(token);
                await Task.Delay(Timeout.Infinite, token); // the caller sends nothing more
            }
            finally
            {
                _ended.SetResult();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private static HttpRequestMessage Get() => new(HttpMethod.Get, "http://127.0.0.1:1/");

    private static PoolOptions Options(Func<DnsEndPoint, CancellationToken, ValueTask<Stream>> connect) => new()
    {
        Connect = connect, ConnectTimeout = TimeSpan.FromSeconds(10), IdleTimeout = TimeSpan.FromMinutes(1),
        MaxAge = TimeSpan.FromMinutes(10), IsSpread = true,
    };

    private sealed class Leaving : IConnectionLifetimeNotificationFeature
    {
        public CancellationToken ConnectionClosedRequested { get; set; } = new(true);

        public void RequestClose() => throw new NotSupportedException();
    }
}
