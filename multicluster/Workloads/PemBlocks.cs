using System.Collections.Immutable;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>PEM as answers have it.</summary>
internal static class PemBlocks
{
    /// <summary>Blocks that end with their line's end (RFC 7468 section 3), so that a file of several is read by everybody.</summary>
    public static ImmutableArray<string> Ended(ImmutableArray<string> blocks) =>
        [.. blocks.Select(block => block.EndsWith('\n') ? block : block + "\n")];
}
