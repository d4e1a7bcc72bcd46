using System.Text;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>What becomes of requests that may be.</summary>
public sealed class ServerAnswerTests
{
    [Fact]
    public async Task What_is_served_sees_the_request_as_it_was_written()
    {
        var seen = "";
        await using var server = await RawServer.StartAsync(context =>
        {
            var request = context.Request;
            var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
            seen = $"{request.Method} {request.Scheme} {request.Host} {raw} {request.Path}{request.QueryString} {request.Protocol} "
                + $"{request.Headers["X-A"]} {request.Headers.Cookie} {context.Features.Get<IHttpRequestBodyDetectionFeature>()!.CanHaveBody}";
            return Task.CompletedTask;
        });
        await server.Peer.GreetAsync();

        await server.Peer.SendAsync(FrameType.Headers, 5, 1, RawPeer.Block(
            ":method PURGE", ":scheme https", ":path /a/../b%2f?c", ":authority a:1", "host other", "x-a 1", "x-a 2", "cookie a=1", "cookie b=2"));
        await server.Peer.NextAsync(FrameType.Headers);

        Assert.Equal("PURGE https a:1 /a/../b%2f?c /a/../b%2f?c HTTP/2 1,2 a=1; b=2 False", seen);
    }

    [Theory]
    [InlineData("GET", 200, "hello", ":status 200|content-length 5", "hello")]
    [InlineData("GET", 200, "", ":status 200|content-length 0", "")]
    [InlineData("HEAD", 200, "hello", ":status 200|content-length 5", "")]
    [InlineData("GET", 204, "", ":status 204", "")]
    [InlineData("GET", 304, "", ":status 304", "")]
    public async Task An_answer_is_as_long_as_it_is(string method, int status, string body, string fields, string expected)
    {
        await using var server = await RawServer.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            if (body.Length > 0) context.Response.ContentLength = body.Length;
            if (body.Length > 0) await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(body));
        });
        await server.Peer.GreetAsync();

        await server.Peer.SendAsync(
            FrameType.Headers, 5, 1, RawPeer.Block($":method {method}", ":scheme http", ":path /", ":authority a"));

        Assert.Equal((fields, expected, ""), await AnswerAsync(server.Peer));
    }

    [Fact]
    public async Task Trailers_end_an_answer()
    {
        await using var server = await RawServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("a");
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await server.Peer.GreetAsync();

        await server.Peer.AskAsync(1);

        Assert.Equal((":status 200", "a", "grpc-status 0"), await AnswerAsync(server.Peer));
    }

    [Fact]
    public async Task The_head_goes_when_it_is_flushed()
    {
        var release = new TaskCompletionSource();
        await using var server = await RawServer.StartAsync(async context =>
        {
            await context.Response.BodyWriter.FlushAsync();
            await release.Task;
        });
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1);

        Assert.NotNull(await server.Peer.NextAsync(FrameType.Headers));

        release.SetResult();
        Assert.Equal(FrameHeader.EndStream, (await server.Peer.NextAsync(FrameType.Data))!.Header.Flags);
    }

    [Fact]
    public async Task A_body_waits_for_the_windows()
    {
        var body = new byte[100_000];
        new Random(1).NextBytes(body);
        await using var server = await RawServer.StartAsync(context => context.Response.Body.WriteAsync(body).AsTask());
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1);
        var got = new List<byte>();
        while (got.Count < 65_535) got.AddRange((await server.Peer.NextAsync(FrameType.Data))!.Payload);
        Assert.Equal(65_535, got.Count);

        await server.Peer.SendNumberAsync(FrameType.WindowUpdate, 0, 100_000);
        await server.Peer.SendNumberAsync(FrameType.WindowUpdate, 1, 10_000);
        while (got.Count < 75_535) got.AddRange((await server.Peer.NextAsync(FrameType.Data))!.Payload);
        Assert.Equal(75_535, got.Count);
        await server.Peer.SendAsync(FrameType.Settings, 0, 0, 0, 4, 0, 2, 0, 0); // every stream's window grows

        RawFrame frame;
        do got.AddRange((frame = (await server.Peer.NextAsync(FrameType.Data))!).Payload);
        while (!frame.Header.Has(FrameHeader.EndStream));
        Assert.Equal(body, got);
    }

    [Fact]
    public async Task What_was_read_may_be_sent_again()
    {
        await using var server = await RawServer.StartAsync(
            async context => await context.Request.Body.CopyToAsync(Stream.Null),
            new Http2Settings { StreamWindow = 20_000, ConnectionWindow = 70_000 });
        await server.Peer.GreetAsync();
        Assert.Equal(70_000u - 65_535, (await server.Peer.NextAsync(FrameType.WindowUpdate))!.Number());
        await server.Peer.AskAsync(1, endsStream: false);

        var (stream, connection) = (0u, 0u);
        for (var i = 0; i < 10; i++)
        {
            await server.Peer.SendAsync(FrameType.Data, i == 9 ? 1 : 0, 1, new byte[10_000]);
            if (i == 9) break;
            var update = (await server.Peer.NextAsync(FrameType.WindowUpdate))!;
            if (update.Header.StreamId == 0)
            {
                connection += update.Number();
                update = (await server.Peer.NextAsync(FrameType.WindowUpdate))!;
            }

            stream += update.Number();
        }

        Assert.Equal(90_000u, stream);
        Assert.Equal(90_000u, connection);
        Assert.NotNull(await server.Peer.NextAsync(FrameType.Headers));
    }

    [Fact]
    public async Task A_body_that_nobody_reads_costs_no_window()
    {
        await using var server = await RawServer.StartAsync(settings: new Http2Settings { ConnectionWindow = 65_536 });
        await server.Peer.GreetAsync();
        for (var id = 1; id < 41; id += 2)
        {
            await server.Peer.AskAsync(id, endsStream: false);
            Assert.NotNull(await server.Peer.NextAsync(FrameType.Headers));
            Assert.Equal("RST_STREAM NoError", await server.Peer.VerdictAsync());
            await server.Peer.SendAsync(FrameType.Data, 1, id, new byte[10_000]); // it was under way already
        }

        await server.Peer.AskAsync(41);
        Assert.Equal(41, (await server.Peer.NextAsync(FrameType.Headers))!.Header.StreamId);
    }

    [Fact]
    public async Task Who_waits_with_a_body_is_told_that_it_is_wanted()
    {
        await using var server = await RawServer.StartAsync(async context => await context.Request.Body.CopyToAsync(Stream.Null));
        await server.Peer.GreetAsync();

        await server.Peer.AskAsync(1, endsStream: false, "expect 100-continue");

        Assert.Equal(":status 100", server.Peer.Fields((await server.Peer.NextAsync(FrameType.Headers))!));
        await server.Peer.SendAsync(FrameType.Data, 1, 1, 1);
        Assert.StartsWith(":status 200", server.Peer.Fields((await server.Peer.NextAsync(FrameType.Headers))!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_that_are_too_long_are_answered()
    {
        await using var server = await RawServer.StartAsync(settings: new Http2Settings { MaxFieldBytes = 1000 });
        await server.Peer.GreetAsync();

        await server.Peer.AskAsync(1, true, $"x {new string('y', 1000)}");

        Assert.StartsWith(":status 431", server.Peer.Fields((await server.Peer.NextAsync(FrameType.Headers))!), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, ":status 500|content-length 0")]
    [InlineData(true, "RST_STREAM Internal")]
    public async Task Whoever_throws_is_a_fault_of_the_server(bool hasStarted, string expected)
    {
        await using var server = await RawServer.StartAsync(async context =>
        {
            if (hasStarted) await context.Response.WriteAsync("a");
            throw new InvalidOperationException("on purpose");
        });
        await server.Peer.GreetAsync();

        await server.Peer.AskAsync(1);

        Assert.Equal(expected, hasStarted
            ? await server.Peer.VerdictAsync()
            : server.Peer.Fields((await server.Peer.NextAsync(FrameType.Headers))!));
    }

    [Fact]
    public async Task A_part_is_not_taken_for_the_whole()
    {
        await using var server = await RawServer.StartAsync(async context =>
        {
            context.Response.ContentLength = 2;
            await context.Response.WriteAsync("a");
        });
        await server.Peer.GreetAsync();

        await server.Peer.AskAsync(1);

        Assert.Equal("RST_STREAM Internal", await server.Peer.VerdictAsync());
    }

    [Fact]
    public async Task An_abort_resets_the_stream_alone()
    {
        await using var server = await RawServer.StartAsync(context =>
        {
            if (context.Request.Headers.ContainsKey("x")) context.Abort();
            return Task.CompletedTask;
        });
        await server.Peer.GreetAsync();

        await server.Peer.AskAsync(1, true, "x y");
        Assert.Equal("RST_STREAM Internal", await server.Peer.VerdictAsync());
        await server.Peer.AskAsync(3);

        Assert.Equal(3, (await server.Peer.NextAsync(FrameType.Headers))!.Header.StreamId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_serves_learns_that_the_client_has_gone(bool resets)
    {
        var (begun, aborted) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        await using var server = await RawServer.StartAsync(async context =>
        {
            begun.SetResult();
            try
            {
                await context.Request.Body.ReadExactlyAsync(new byte[1]);
            }
            catch (IOException)
            {
                aborted.SetResult($"read failed, aborted {context.RequestAborted.IsCancellationRequested}");
            }
        });
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1, endsStream: false);
        await begun.Task;

        if (resets) await server.Peer.SendNumberAsync(FrameType.RstStream, 1, (uint)Http2Error.Cancel);
        else await server.Peer.DisposeAsync();

        Assert.StartsWith("read failed", await aborted.Task.WaitAsync(TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_leaves_serves_what_it_has_and_refuses_the_rest()
    {
        var release = new TaskCompletionSource();
        await using var server = await RawServer.StartAsync(_ => release.Task);
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1);
        await server.Peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);
        await server.Peer.NextAsync(FrameType.Ping); // it has read the request

        server.RequestClose();
        var warning = (await server.Peer.NextAsync(FrameType.GoAway))!;
        var ping = (await server.Peer.NextAsync(FrameType.Ping))!;
        await server.Peer.AskAsync(3); // it was begun before the client knew
        await server.Peer.SendAsync(FrameType.Ping, FrameHeader.Ack, 0, ping.Payload);
        var leave = (await server.Peer.NextAsync(FrameType.GoAway))!;
        await server.Peer.AskAsync(5);
        var refused = await server.Peer.VerdictAsync();
        release.SetResult();

        Assert.Equal(
            (0x7fffffffu, 3u, 0u, "RST_STREAM RefusedStream"), (warning.Number(), leave.Number(), leave.Number(4), refused));
        var (one, other) = ((await server.Peer.NextAsync(FrameType.Headers))!, (await server.Peer.NextAsync(FrameType.Headers))!);
        Assert.Equal([1, 3], new[] { one.Header.StreamId, other.Header.StreamId }.Order()); // they are served beside each other
        await server.Served;
    }

    [Fact]
    public async Task Who_does_not_go_on_is_not_waited_for()
    {
        await using var silent = await RawServer.StartAsync();
        await using var half = await RawServer.StartAsync();
        await half.Peer.GreetAsync();
        await half.Peer.SendAsync(FrameType.Headers, 0, 1, 0x82);
        await half.Peer.NextAsync(FrameType.Settings);

        while (!silent.Served.IsCompleted && silent.Clock.PendingTimers > 0) silent.Clock.Advance(TimeSpan.FromSeconds(31));
        while (!half.Served.IsCompleted && half.Clock.PendingTimers > 0) half.Clock.Advance(TimeSpan.FromSeconds(31));

        await silent.Served;
        await half.Served;
    }

    private static async Task<(string Head, string Body, string Trailers)> AnswerAsync(RawPeer peer)
    {
        var (head, body, trailers) = ("", new StringBuilder(), "");
        while (await peer.NextAsync(FrameType.Headers, FrameType.Data, FrameType.RstStream) is { } frame)
        {
            if (frame.Header.Type is FrameType.RstStream) break;
            if (frame.Header.Type is FrameType.Data) body.Append(Encoding.ASCII.GetString(frame.Payload));
            else if (head.Length == 0) head = peer.Fields(frame);
            else trailers = peer.Fields(frame);
            if (frame.Header.Has(FrameHeader.EndStream)) break;
        }

        return (head, body.ToString(), trailers);
    }
}
