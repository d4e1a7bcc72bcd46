using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>What a server must say to frames that may not be (RFC 9113), one rule a row.</summary>
public sealed class ServerProtocolTests
{
    private const int Data = (int)FrameType.Data;
    private const int Headers = (int)FrameType.Headers;
    private const int Priority = (int)FrameType.Priority;
    private const int Rst = (int)FrameType.RstStream;
    private const int Settings = (int)FrameType.Settings;
    private const int Push = (int)FrameType.PushPromise;
    private const int Ping = (int)FrameType.Ping;
    private const int GoAway = (int)FrameType.GoAway;
    private const int Window = (int)FrameType.WindowUpdate;
    private const int Continuation = (int)FrameType.Continuation;

    [Theory]
    [InlineData("GOAWAY Protocol", Data, 0, 0, "00")] // 6.1
    [InlineData("GOAWAY Protocol", Data, 0, 1, "00")] // of a stream that is idle, 5.1
    [InlineData("GOAWAY Protocol", Headers, 5, 0, "82")] // 6.2
    [InlineData("GOAWAY Protocol", Headers, 5, 2, "82")] // 5.1.1
    [InlineData("GOAWAY Protocol", Headers, 13, 1, "05 82")] // padding beyond the frame
    [InlineData("GOAWAY FrameSize", Headers, 37, 1, "0000")] // too short for its priority
    [InlineData("GOAWAY Compression", Headers, 5, 1, "ff")] // 4.3
    [InlineData("GOAWAY Protocol", Priority, 0, 0, "0000000000")] // 6.3
    [InlineData("GOAWAY FrameSize", Priority, 0, 1, "00000000")]
    [InlineData("GOAWAY Protocol", Rst, 0, 0, "00000000")] // 6.4
    [InlineData("GOAWAY Protocol", Rst, 0, 1, "00000000")] // idle
    [InlineData("GOAWAY FrameSize", Rst, 0, 1, "000000")]
    [InlineData("GOAWAY Protocol", Settings, 0, 1, "")] // 6.5
    [InlineData("GOAWAY FrameSize", Settings, 1, 0, "000000000000")] // acknowledged with more
    [InlineData("GOAWAY FrameSize", Settings, 0, 0, "0003000000")]
    [InlineData("GOAWAY Protocol", Settings, 0, 0, "000200000002")] // 6.5.2
    [InlineData("GOAWAY FlowControl", Settings, 0, 0, "000480000000")]
    [InlineData("GOAWAY Protocol", Settings, 0, 0, "000500000100")]
    [InlineData("GOAWAY Protocol", Settings, 0, 0, "000501000000")]
    [InlineData("GOAWAY Protocol", Push, 4, 1, "0000000282")] // 8.4
    [InlineData("GOAWAY Protocol", Ping, 0, 1, "0000000000000000")] // 6.7
    [InlineData("GOAWAY FrameSize", Ping, 0, 0, "00000000000000")]
    [InlineData("GOAWAY Protocol", GoAway, 0, 1, "0000000000000000")] // 6.8
    [InlineData("GOAWAY FrameSize", GoAway, 0, 0, "00000000")]
    [InlineData("GOAWAY Protocol", Window, 0, 0, "00000000")] // 6.9
    [InlineData("GOAWAY FrameSize", Window, 0, 0, "000000")]
    [InlineData("GOAWAY FlowControl", Window, 0, 0, "7fffffff")] // 6.9.1
    [InlineData("GOAWAY Protocol", Window, 0, 1, "00000001")] // idle
    [InlineData("GOAWAY Protocol", Continuation, 4, 1, "82")] // 6.10
    public async Task What_may_not_be_ends_the_connection(string expected, int type, int flags, int streamId, string payload)
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();

        await server.Peer.SendAsync((FrameType)type, flags, streamId, Convert.FromHexString(payload.Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(expected, await server.Peer.VerdictAsync());
        Assert.Equal("closed", await server.Peer.VerdictAsync());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r_")]
    public async Task Without_the_preface_there_is_nothing(string text)
    {
        await using var server = await RawServer.StartAsync();

        await server.Peer.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text));

        Assert.Equal("GOAWAY Protocol", await server.Peer.VerdictAsync());
    }

    [Fact]
    public async Task Settings_come_first()
    {
        await using var server = await RawServer.StartAsync();

        await server.Peer.WriteAsync(RawPeer.Preface);
        await server.Peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);

        Assert.Equal("GOAWAY Protocol", await server.Peer.VerdictAsync());
    }

    [Fact]
    public async Task A_frame_longer_than_announced_ends_the_connection()
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();

        await server.Peer.WriteAsync([0, 0x40, 1, 0, 0, 0, 0, 0, 1]);

        Assert.Equal("GOAWAY FrameSize", await server.Peer.VerdictAsync());
    }

    [Theory]
    [InlineData(Data, 1)]
    [InlineData(Headers, 3)]
    [InlineData(Continuation, 3)] // of another stream
    [InlineData(Ping, 0)]
    [InlineData(99, 1)] // even what nobody knows
    public async Task A_block_of_fields_is_not_interrupted(int type, int streamId)
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();
        await server.Peer.SendAsync(FrameType.Headers, 0, 1, 0x82);

        await server.Peer.SendAsync((FrameType)type, FrameHeader.EndHeaders, streamId, new byte[8]);

        Assert.Equal("GOAWAY Protocol", await server.Peer.VerdictAsync());
    }

    [Fact]
    public async Task A_block_of_fields_without_an_end_is_too_much()
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();
        await server.Peer.SendAsync(FrameType.Headers, 0, 1, new byte[Http2Connection.LongestFrame]);

        for (var i = 0; i < 4; i++) // so much as the server reads, whatever it says
        {
            await server.Peer.SendAsync(FrameType.Continuation, 0, 1, new byte[Http2Connection.LongestFrame]);
        }

        Assert.Equal("GOAWAY EnhanceYourCalm", await server.Peer.VerdictAsync());
    }

    [Theory]
    [InlineData(Ping, "0000000000000000")]
    [InlineData(Settings, "")]
    [InlineData(99, "")]
    [InlineData(Priority, "0000000000")]
    public async Task Frames_that_ask_for_nothing_have_a_budget(int type, string payload)
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();
        var reading = server.Peer.VerdictAsync(); // else the answers would stop the server first

        try
        {
            for (var i = 0; i < 25_000 && !reading.IsCompleted; i++)
            {
                await server.Peer.SendAsync((FrameType)type, 0, type == Priority ? 1 : 0, Convert.FromHexString(payload));
            }
        }
        catch (IOException)
        {
            // it has closed the connection, as it should
        }

        Assert.Contains(await reading, new[] { "GOAWAY EnhanceYourCalm", "closed" });
        await server.Served;
    }

    [Theory]
    [InlineData(":method GET|:scheme http|:authority a")] // no path
    [InlineData(":method GET|:path /|:authority a")]
    [InlineData(":scheme http|:path /|:authority a")]
    [InlineData(":method GET|:scheme http|:path |:authority a")]
    [InlineData(":method GET|:scheme http|:path x|:authority a")]
    [InlineData(":method GET|:scheme http|:path *|:authority a")]
    [InlineData(":method GET|:scheme http|:path /a b|:authority a")]
    [InlineData(":method GET|:scheme ftp|:path /|:authority a")]
    [InlineData(":method G T|:scheme http|:path /|:authority a")]
    [InlineData(":method GET|:method GET|:scheme http|:path /|:authority a")]
    [InlineData(":method GET|:scheme http|:path /|:path /b|:authority a")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|:authority b")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|:other x")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|:status 200")]
    [InlineData(":method GET|:scheme http|x y|:path /|:authority a")] // an ordinary one before the last of these
    [InlineData(":method GET|:scheme http|:path /|:authority a@b")] // 8.3.1: nobody's name before the host
    [InlineData(":method GET|:scheme http|:path /|:authority a|:protocol websocket")]
    [InlineData(":method CONNECT|:scheme http|:path /|:authority a")]
    [InlineData(":method CONNECT|:authority ")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|Upper x")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|x y\r\nz: w")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|x \0")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|x  y")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|x: y")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|connection close")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|transfer-encoding chunked")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|upgrade h2c")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|keep-alive 1")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|proxy-connection x")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|x\x7f y")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|x\r\n y")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|x\0 y")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|te gzip")]
    [InlineData(":method GET|:scheme http|:path /|host a|host b")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|content-length 1")] // and no body
    [InlineData(":method GET|:scheme http|:path /|:authority a|content-length +0")]
    [InlineData(":method GET|:scheme http|:path /|:authority a|content-length 0|content-length 0")]
    public async Task A_request_that_is_none_is_reset_and_nobody_serves_it(string fields)
    {
        var served = 0;
        await using var server = await RawServer.StartAsync(_ =>
        {
            served++;
            return Task.CompletedTask;
        });
        await server.Peer.GreetAsync();

        await server.Peer.SendAsync(
            FrameType.Headers, FrameHeader.EndHeaders | FrameHeader.EndStream, 1, RawPeer.Block(fields.Split('|')));

        Assert.Equal("RST_STREAM Protocol", await server.Peer.VerdictAsync());
        await server.Peer.AskAsync(3); // the connection and its table are well
        Assert.Equal(":status 200|content-length 0", server.Peer.Fields((await server.Peer.NextAsync(FrameType.Headers))!));
        Assert.Equal(1, served);
    }

    [Theory]
    [InlineData(3, "RST_STREAM Protocol")] // longer
    [InlineData(1, "RST_STREAM Protocol")] // shorter
    public async Task A_body_is_as_long_as_was_said(int length, string expected)
    {
        await using var server = await RawServer.StartAsync(async context => await context.Request.Body.CopyToAsync(Stream.Null));
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1, endsStream: false, "content-length 2");

        await server.Peer.SendAsync(FrameType.Data, FrameHeader.EndStream, 1, new byte[length]);

        Assert.Equal(expected, await server.Peer.VerdictAsync());
    }

    [Fact]
    public async Task More_than_a_streams_window_resets_the_stream()
    {
        await using var server = await RawServer.StartAsync(
            context => Task.Delay(Timeout.Infinite, context.RequestAborted), new Http2Settings { StreamWindow = 20_000 });
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1, endsStream: false);

        await server.Peer.SendAsync(FrameType.Data, 0, 1, new byte[15_000]);
        await server.Peer.SendAsync(FrameType.Data, 0, 1, new byte[15_000]);

        Assert.Equal("RST_STREAM FlowControl", await server.Peer.VerdictAsync());
    }

    [Fact]
    public async Task More_than_the_connections_window_ends_it()
    {
        await using var server = await RawServer.StartAsync(
            context => Task.Delay(Timeout.Infinite, context.RequestAborted), new Http2Settings { ConnectionWindow = 65_535 });
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1, endsStream: false);

        for (var i = 0; i < 5; i++) await server.Peer.SendAsync(FrameType.Data, 0, 1, new byte[15_000]);

        Assert.Equal("GOAWAY FlowControl", await server.Peer.VerdictAsync());
    }

    [Theory]
    [InlineData("00000000", "RST_STREAM Protocol")]
    [InlineData("7fffffff", "RST_STREAM FlowControl")]
    public async Task A_streams_window_out_of_range_resets_it(string more, string expected)
    {
        await using var server = await RawServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1);

        await server.Peer.SendAsync(FrameType.WindowUpdate, 0, 1, Convert.FromHexString(more));

        Assert.Equal(expected, await server.Peer.VerdictAsync());
    }

    [Fact]
    public async Task Streams_beyond_the_limit_are_refused_and_those_that_were_reset_count_while_they_are_served()
    {
        var release = new TaskCompletionSource();
        await using var server = await RawServer.StartAsync(_ => release.Task, new Http2Settings { MaxStreams = 2 });
        await server.Peer.GreetAsync();
        await server.Peer.AskAsync(1);
        await server.Peer.SendAsync(FrameType.Ping, 0, 0, new byte[8]);
        await server.Peer.NextAsync(FrameType.Ping); // the request is being served
        await server.Peer.SendNumberAsync(FrameType.RstStream, 1, (uint)Http2Error.Cancel);
        await server.Peer.AskAsync(3);
        await server.Peer.AskAsync(5);

        Assert.Equal("RST_STREAM RefusedStream", await server.Peer.VerdictAsync());
        release.SetResult();
        Assert.Equal(3, (await server.Peer.NextAsync(FrameType.Headers))!.Header.StreamId);
        await server.Peer.AskAsync(7);
        Assert.Equal(7, (await server.Peer.NextAsync(FrameType.Headers))!.Header.StreamId);
    }

    [Fact]
    public async Task A_ping_is_answered_with_what_was_in_it()
    {
        await using var server = await RawServer.StartAsync();
        await server.Peer.GreetAsync();

        await server.Peer.SendAsync(FrameType.Ping, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);

        var answer = (await server.Peer.NextAsync(FrameType.Ping))!;
        Assert.Equal((FrameHeader.Ack, "0102030405060708"), (answer.Header.Flags, Convert.ToHexString(answer.Payload)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_bytes_stop_it_from_ending(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            await using var server = await RawServer.StartAsync(
                async context => await context.Request.Body.CopyToAsync(context.Response.Body));
            await server.Peer.GreetAsync();
            try
            {
                for (var frame = 0; frame < 20; frame++)
                {
                    var payload = new byte[random.Next(3) == 0 ? random.Next(40) : random.Next(10)];
                    random.NextBytes(payload);
                    if (random.Next(3) == 0) await server.Peer.AskAsync((frame * 2) + 1, random.Next(2) == 0);
                    else await server.Peer.SendAsync((FrameType)random.Next(12), random.Next(256), random.Next(8), payload);
                }
            }
            catch (IOException)
            {
                // it has closed the connection, as it may
            }
        }
    }
}
