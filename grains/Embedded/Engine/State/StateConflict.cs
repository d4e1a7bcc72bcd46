using System.Globalization;
using Orleans.Storage;

namespace MeshOrleans.Grains.Embedded;

/// <summary>The rule of versions, one for all stores: a record is replaced only by who has seen it.</summary>
public static class StateConflict
{
    /// <summary>Compares what is stored with what the writer has seen.</summary>
    /// <exception cref="InconsistentStateException">They differ.</exception>
    public static void Check(GrainStateKey key, string? storedETag, string? expectedETag)
    {
        if (string.Equals(storedETag, expectedETag, StringComparison.Ordinal)) return;
        throw new InconsistentStateException(
            $"{key} was written by somebody else: stored is version {storedETag ?? "none"}, "
            + $"the writer had {expectedETag ?? "none"}.",
            storedETag,
            expectedETag);
    }

    /// <summary>A version that no record of this store had before.</summary>
    public static string NewETag(long number) => number.ToString(CultureInfo.InvariantCulture);
}
