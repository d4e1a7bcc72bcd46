namespace MeshOrleans.Model.Config.Documents;

/// <summary>How much a manifest may hold, whoever sends it.</summary>
public static class DocumentLimits
{
    /// <summary>Bytes of one manifest, all of its documents together: 4 MiB.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Objects and lists inside of each other.</summary>
    public const int MaxDepth = 64;

    /// <summary>Documents in one manifest, members of lists included.</summary>
    public const int MaxDocuments = 10_000;

    /// <summary>Nodes that the aliases of one document may stand for, all together.</summary>
    public const int MaxAliasedNodes = 10_000;

    /// <summary>Faults of one manifest that are reported; reading stops there.</summary>
    public const int MaxFaults = 1_000;
}
