using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Patches;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// Remembers how resources came out of one another, for as long as both live: many streams go from the same one to the
/// same other.
/// </summary>
internal static class PatchBook
{
    private static readonly ConditionalWeakTable<EncodedResource, ConditionalWeakTable<EncodedResource, Patch>> Known = [];

    /// <summary>A serialized <c>Any</c> with the patch; null when there is none that is worth it.</summary>
    public static byte[]? Find(EncodedResource before, EncodedResource after) => before.Version == after.Version
        ? null
        : Known.GetValue(after, static _ => []).GetValue(before, b => Make(b, after)).Bytes;

    private static Patch Make(EncodedResource before, EncodedResource after) => new(
        PatchMaker.Make(before.Version, before.AnyBytes.Span, after.AnyBytes.Span) is { } patch
            ? new Any { TypeUrl = ResourcePatches.TypeUrl, Value = patch.ToByteString() }.ToByteArray()
            : null);

    private sealed record Patch(byte[]? Bytes);
}
