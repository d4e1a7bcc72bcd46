using System.IO.Pipelines;
using Google.Protobuf;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Tests.Grpc;

/// <summary>Messages cut at any place are the same messages; bytes of any kind end with a status and nothing else.</summary>
public sealed class GrpcFrameFuzzTests
{
    private const int Rounds = 2_000;
    private const int MaxMessage = 4_096;

    private static readonly GrpcStatusCode[] _allowed =
        [GrpcStatusCode.Internal, GrpcStatusCode.Unimplemented, GrpcStatusCode.ResourceExhausted];

    [Fact]
    public async Task Messages_are_the_same_wherever_they_are_cut()
    {
        var random = new Random(1);
        for (var round = 0; round < Rounds; round++)
        {
            var messages = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Message(random)).ToArray();
            var read = await ReadAllAsync(Cut(random, [.. messages.SelectMany(m => ChunkedContent.Frame(m.ToByteArray()))]));

            Assert.Equal(messages, read.Messages);
            Assert.Null(read.End);
        }
    }

    [Fact]
    public async Task Bytes_of_any_kind_end_with_a_status()
    {
        var random = new Random(2);
        var ends = new HashSet<GrpcStatusCode?>();
        for (var round = 0; round < Rounds; round++)
        {
            byte[] bytes = [.. Enumerable.Range(0, random.Next(1, 4)).SelectMany(_ => ChunkedContent.Frame(Message(random).ToByteArray()))];
            for (var i = random.Next(1, 6); i > 0; i--) Spoil(random, ref bytes);
            ends.Add((await ReadAllAsync(Cut(random, bytes))).End);
        }

        Assert.Equal(_allowed.Order(), ends.OfType<GrpcStatusCode>().Order()); // every one is met, and no other
    }

    private static DeltaDiscoveryRequest Message(Random random)
    {
        var message = new DeltaDiscoveryRequest { TypeUrl = new string('t', random.Next(40)), ResponseNonce = $"{random.Next()}" };
        for (var i = random.Next(5); i > 0; i--) message.ResourceNamesSubscribe.Add($"name-{random.Next(1_000)}");
        return message;
    }

    private static void Spoil(Random random, ref byte[] bytes)
    {
        var place = random.Next(bytes.Length);
        bytes = random.Next(4) switch
        {
            0 => bytes[..Math.Max(1, place)],
            1 => [.. bytes[..place], (byte)random.Next(256), .. bytes[place..]],
            2 => [.. bytes, .. bytes[place..]],
            _ => [.. bytes[..place], (byte)random.Next(256), .. bytes[(place + 1)..]],
        };
    }

    private static List<byte[]> Cut(Random random, byte[] bytes)
    {
        var pieces = new List<byte[]>();
        for (var begin = 0; begin < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, 30), bytes.Length - begin);
            pieces.Add(bytes[begin..(begin + length)]);
            begin += length;
        }

        return pieces;
    }

    private static async Task<(List<DeltaDiscoveryRequest> Messages, GrpcStatusCode? End)> ReadAllAsync(List<byte[]> pieces)
    {
        var pipe = new Pipe();
        var writing = WriteAsync(pipe.Writer, pieces);
        var reader = new GrpcFrameReader(pipe.Reader, MaxMessage);
        var messages = new List<DeltaDiscoveryRequest>();
        GrpcStatusCode? end = null;
        try
        {
            while (await reader.ReadAsync(DeltaDiscoveryRequest.Parser, CancellationToken.None) is { } message) messages.Add(message);
        }
        catch (GrpcException exception)
        {
            end = exception.Status.Code;
        }

        await pipe.Reader.CompleteAsync();
        await writing;
        return (messages, end);
    }

    private static async Task WriteAsync(PipeWriter writer, List<byte[]> pieces)
    {
        foreach (var piece in pieces)
        {
            if ((await writer.WriteAsync(piece)).IsCompleted) break;
        }

        await writer.CompleteAsync();
    }
}
