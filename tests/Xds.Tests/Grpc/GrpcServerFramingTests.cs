using System.Buffers;
using Google.Protobuf;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MeshOrleans.Xds.Tests.Grpc;

public sealed class GrpcServerFramingTests
{
    private const string Names = "/test.Names/Collect";

    [Fact]
    public async Task Frames_that_arrive_byte_by_byte_are_put_together()
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);
        var bytes = Request("one").Concat(Request("two")).Select(b => new[] { b }).ToArray();

        var answer = await server.PostAsync(Names, new ChunkedContent(bytes));

        Assert.Equal(("0", "one,two"), (answer.Status, Answer(answer)));
    }

    [Fact]
    public async Task Several_frames_in_one_piece_are_taken_apart()
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync(Names, new ChunkedContent([.. Request("one"), .. Request("two"), .. Request("")]));

        Assert.Equal("one,two,", Answer(answer));
    }

    [Fact]
    public async Task An_empty_stream_is_the_end_of_the_messages()
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync(Names, new ChunkedContent());

        Assert.Equal(("0", ""), (answer.Status, Answer(answer)));
    }

    [Fact]
    public async Task A_message_above_the_limit_is_refused_before_it_is_read_and_the_limit_is_named()
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Names, CollectAsync, maxMessageSize: 100));

        var answer = await server.PostAsync(Names, new ChunkedContent([0, 0, 0, 0, 101]));

        Assert.Equal("8", answer.Status);
        Assert.Contains("101 bytes is above the limit of 100", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_of_exactly_the_limit_is_taken()
    {
        var request = Request(new string('x', 98));
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Names, CollectAsync, maxMessageSize: 100));

        var answer = await server.PostAsync(Names, new ChunkedContent(request));

        Assert.Equal((105, "0"), (request.Length, answer.Status));
    }

    [Fact]
    public async Task A_message_larger_than_the_flow_control_window_arrives()
    {
        var name = new string('y', 3_000_000);
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync(Names, new ChunkedContent(Request(name)));

        Assert.Equal(name, Answer(answer));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, "12")] // compressed
    [InlineData(new byte[] { 2, 0, 0, 0, 0 }, "13")] // no gRPC
    [InlineData(new byte[] { 71, 69, 84, 32, 47, 13, 10 }, "13")] // "GET /"
    [InlineData(new byte[] { 0, 0, 0 }, "13")] // ends within the prefix
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1, 2 }, "13")] // ends within the message
    [InlineData(new byte[] { 0, 0, 0, 0, 3, 0x0A, 0x7F, 0x00 }, "13")] // no protobuf
    [InlineData(new byte[] { 0, 255, 255, 255, 255 }, "8")] // 4 GiB
    public async Task Broken_framing_ends_the_call_with_its_status(byte[] body, string status)
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync(Names, new ChunkedContent(body));

        Assert.Equal((200, status, true), (answer.HttpStatus, answer.Status, answer.TrailersOnly));
        Assert.Empty(answer.Body);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("text/plain")]
    public async Task Another_content_type_is_a_415(string contentType)
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync(Names, new ChunkedContent(Request("x")), contentType);

        Assert.Equal(415, answer.HttpStatus);
    }

    [Fact]
    public async Task The_content_type_may_name_the_encoding()
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync(Names, new ChunkedContent(Request("x")), "application/grpc+proto");

        Assert.Equal("0", answer.Status);
    }

    [Fact]
    public async Task HTTP_1_is_told_to_upgrade()
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames, HttpProtocols.Http1);

        var answer = await server.PostAsync(
            Names, new ChunkedContent(Request("x")), version: System.Net.HttpVersion.Version11);

        Assert.Equal(426, answer.HttpStatus);
    }

    [Fact]
    public async Task A_method_that_does_not_exist_is_unimplemented()
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync("/test.Names/Forget", new ChunkedContent(Request("x")));

        Assert.Equal((200, "12"), (answer.HttpStatus, answer.Status));
        Assert.Contains("/test.Names/Forget", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_is_not_gRPC_and_has_no_endpoint_is_a_404()
    {
        await using var server = await GrpcTestServer.StartAsync(MapNames);

        var answer = await server.PostAsync("/v1/config", new ChunkedContent([123]), "application/json");

        Assert.Equal(404, answer.HttpStatus);
    }

    [Fact]
    public async Task Serialized_bytes_in_several_segments_are_one_message()
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Names, call =>
            call.WriteAsync(Segments([0x0A, 5, 0x68, 0x65], [0x6C, 0x6C, 0x6F]), null, call.CancellationToken).AsTask()));

        var answer = await server.PostAsync(Names, new ChunkedContent());

        Assert.Equal("hello", Answer(answer));
    }

    private static void MapNames(WebApplication app)
    {
        app.MapGrpc(Names, CollectAsync);
        app.MapGrpcUnimplemented();
    }

    /// <summary>Answers with the names of all requests, once they have ended.</summary>
    private static async Task CollectAsync(GrpcServerCall call)
    {
        var names = new List<string>();
        while (await call.ReadAsync(HealthCheckRequest.Parser, call.CancellationToken) is { } request) names.Add(request.Service);
        await call.WriteAsync(new HealthCheckRequest { Service = string.Join(',', names) }, call.CancellationToken);
    }

    private static byte[] Request(string name) =>
        ChunkedContent.Frame(new HealthCheckRequest { Service = name }.ToByteArray());

    private static string Answer(RawAnswer answer) => HealthCheckRequest.Parser.ParseFrom(answer.Body.AsSpan(5)).Service;

    private static ReadOnlySequence<byte> Segments(byte[] first, byte[] second)
    {
        var head = new Segment(first, 0, null);
        var tail = new Segment(second, first.Length, head);
        return new ReadOnlySequence<byte>(head, 0, tail, second.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long index, Segment? before)
        {
            Memory = bytes;
            RunningIndex = index;
            if (before is not null) before.Next = this;
        }
    }
}
