using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Protocol.Patches;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>How resources came out of one another; each is compared once.</summary>
internal static class PatchBook
{
    private static readonly Pairs<EncodedResource, Patch> Known = new(Make);

    /// <summary>A serialized <c>Any</c> with the patch; null when there is none that is worth it.</summary>
    public static byte[]? Find(EncodedResource before, EncodedResource after) =>
        before.Version == after.Version ? null : Known.Of(before, after).Bytes;

    private static Patch Make(EncodedResource before, EncodedResource after) => new(
        PatchMaker.Make(before.Version, before.AnyBytes.Span, after.AnyBytes.Span) is { } patch
            ? new Any { TypeUrl = ResourcePatches.TypeUrl, Value = patch.ToByteString() }.ToByteArray()
            : null);

    private sealed record Patch(byte[]? Bytes);
}
