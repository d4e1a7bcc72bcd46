using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// Writes discovery responses by hand around resources that are serialized already. What goes to many streams alike is
/// put together once; only the nonce is a stream's own, and it may stand at the end: the order of fields is free.
/// </summary>
/// <remarks>
/// Source: field numbers of DiscoveryResponse, DeltaDiscoveryResponse and Resource; wire type 2 throughout.
/// </remarks>
internal static class ResponseEncoder
{
    private const byte Version = 1 << 3 | 2;
    private const byte Resources = 2 << 3 | 2;
    private const byte TypeUrl = 4 << 3 | 2;
    private const byte Nonce = 5 << 3 | 2;
    private const byte RemovedResources = 6 << 3 | 2;
    private const byte ResourceVersion = 1 << 3 | 2;
    private const byte ResourceAny = 2 << 3 | 2;
    private const byte ResourceName = 3 << 3 | 2;

    private static readonly ConditionalWeakTable<ResourceGroup, byte[]> WholeStates = [];
    private static readonly ConditionalWeakTable<ResourceGroup, byte[]> WholeDeltas = [];

    /// <summary>The serialized message.</summary>
    public static ReadOnlySequence<byte> Encode(Response response, string nonce, StreamProtocol protocol)
    {
        var nonceField = new ArrayBufferWriter<byte>(nonce.Length + 2);
        WriteText(nonceField, Nonce, nonce);
        return Join(Body(response, protocol), nonceField.WrittenMemory);
    }

    private static ReadOnlyMemory<byte> Body(Response response, StreamProtocol protocol)
    {
        if (!response.IsWholeGroup) return Write(response, protocol).WrittenMemory;
        var shared = protocol is StreamProtocol.Delta ? WholeDeltas : WholeStates;
        if (shared.TryGetValue(response.Group, out var bytes)) return bytes;
        bytes = Write(response, protocol).WrittenSpan.ToArray();
        shared.AddOrUpdate(response.Group, bytes);
        return bytes;
    }

    private static ArrayBufferWriter<byte> Write(Response response, StreamProtocol protocol)
    {
        var output = new ArrayBufferWriter<byte>(response.Base is null
            ? 256 + response.Resources.Sum(r => r.AnyBytes.Length + (2 * r.Name.Length) + 64)
            : 1024);
        WriteText(output, Version, response.Group.VersionInfo);
        foreach (var resource in response.Resources)
        {
            if (protocol is StreamProtocol.Delta) WriteResource(output, resource, PatchedOr(resource, response.Base));
            else WriteBytes(output, Resources, resource.AnyBytes.Span);
        }

        WriteText(output, TypeUrl, response.Group.TypeUrl);
        foreach (var name in response.Removed) WriteText(output, RemovedResources, name);
        return output;
    }

    private static ReadOnlyMemory<byte> PatchedOr(EncodedResource resource, ResourceGroup? before) =>
        before?.Find(resource.Name) is { } known && PatchBook.Find(known, resource) is { } patch
            ? patch
            : resource.AnyBytes;

    private static void WriteResource(
        ArrayBufferWriter<byte> output, EncodedResource resource, ReadOnlyMemory<byte> any)
    {
        output.Write([Resources]);
        var texts = FieldSize(TextSize(resource.Version)) + FieldSize(TextSize(resource.Name));
        WriteLength(output, texts + FieldSize(any.Length));
        WriteText(output, ResourceVersion, resource.Version);
        WriteBytes(output, ResourceAny, any.Span);
        WriteText(output, ResourceName, resource.Name);
    }

    private static void WriteText(ArrayBufferWriter<byte> output, byte tag, string text)
    {
        var size = TextSize(text);
        output.Write([tag]);
        WriteLength(output, size);
        Encoding.UTF8.GetBytes(text, output.GetSpan(Math.Max(size, 1)));
        output.Advance(size);
    }

    private static void WriteBytes(ArrayBufferWriter<byte> output, byte tag, ReadOnlySpan<byte> bytes)
    {
        output.Write([tag]);
        WriteLength(output, bytes.Length);
        output.Write(bytes);
    }

    private static void WriteLength(ArrayBufferWriter<byte> output, int length)
    {
        var span = output.GetSpan(5);
        var rest = (uint)length;
        var count = 0;
        for (; rest >= 0x80; rest >>= 7) span[count++] = (byte)(rest | 0x80);
        span[count++] = (byte)rest;
        output.Advance(count);
    }

    private static int TextSize(string text) => Encoding.UTF8.GetByteCount(text);

    /// <summary>Tag, length and content.</summary>
    private static int FieldSize(int content) =>
        1
        + (content < 1 << 7 ? 1 : content < 1 << 14 ? 2 : content < 1 << 21 ? 3 : content < 1 << 28 ? 4 : 5)
        + content;

    private static ReadOnlySequence<byte> Join(ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> nonce)
    {
        var first = new Segment(body, 0, null);
        var last = new Segment(nonce, body.Length, first);
        return new ReadOnlySequence<byte>(first, 0, last, nonce.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index, Segment? before)
        {
            Memory = memory;
            RunningIndex = index;
            if (before is not null) before.Next = this;
        }
    }
}
