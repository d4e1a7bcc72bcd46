using System.Buffers.Binary;
using Google.Protobuf;

namespace MeshOrleans.Xds.Protocol.Patches;

/// <summary>Finds how one serialized resource comes out of another: stretches of it, and what is new between them.</summary>
public static class PatchMaker
{
    private const int Block = 16; // the shortest stretch that is looked for
    private const int MaxTargets = 1 << 26;

    /// <summary>
    /// The patch; null when it would save less than half. Takes a time that grows with the length of both.
    /// </summary>
    /// <param name="version">Of the former resource.</param>
    /// <param name="before">The former resource.</param>
    /// <param name="after">The new one.</param>
    public static ResourcePatch? Make(string version, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (after.Length is < 4 * Block or > MaxTargets || before.Length > MaxTargets) return null;
        var patch = new ResourcePatch { BaseVersion = version };
        var budget = after.Length / 2;
        Dictionary<UInt128, int>? index = null;
        var (from, at) = (0, 0); // where the last stretch ends in either
        var length = before.CommonPrefixLength(after);
        while (true)
        {
            // the stretch [from, from + length) is at [at, at + length) of the new one
            var next = at + length;
            var (source, target) = Find(before, after, from + length, next, ref index);
            patch.Pieces.Add(new ResourcePatch.Types.Piece
            {
                Offset = (uint)from,
                Length = (uint)length,
                Content = ByteString.CopyFrom(after[next..target]),
            });
            if (target == after.Length) return patch.CalculateSize() <= budget ? patch : null;
            budget -= target - next;
            if (budget < 0) return null;
            (from, at) = (source, target);
            length = before[source..].CommonPrefixLength(after[target..]);
        }
    }

    /// <summary>The next place of the new resource from which on it goes on like some place of the former.</summary>
    /// <param name="before">The former.</param>
    /// <param name="after">The new one.</param>
    /// <param name="source">Where they went apart in the former.</param>
    /// <param name="target">Where they did in the new one.</param>
    /// <param name="index">Where the blocks of the former are; made when it is needed.</param>
    private static (int Source, int Target) Find(
        ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, int source, int target, ref Dictionary<UInt128, int>? index)
    {
        for (var place = target; place + Block <= after.Length; place++)
        {
            // most changes replace something by something as long
            var straight = source + place - target;
            if (straight + Block <= before.Length && Key(before, straight) == Key(after, place)) return (straight, place);
            index ??= IndexOf(before);
            if (!index.TryGetValue(Key(after, place), out var found)) continue;
            for (; found > 0 && place > target && before[found - 1] == after[place - 1]; found--) place--;
            return (found, place);
        }

        return (0, after.Length);
    }

    private static Dictionary<UInt128, int> IndexOf(ReadOnlySpan<byte> bytes)
    {
        var index = new Dictionary<UInt128, int>(bytes.Length / Block);
        for (var place = 0; place + Block <= bytes.Length; place += Block) index.TryAdd(Key(bytes, place), place);
        return index;
    }

    private static UInt128 Key(ReadOnlySpan<byte> bytes, int place) =>
        BinaryPrimitives.ReadUInt128LittleEndian(bytes[place..]);
}
