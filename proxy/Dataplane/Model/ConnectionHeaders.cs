using System.Collections.Frozen;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Which headers are between two neighbours only (RFC 9110 section 7.6.1).</summary>
public static class ConnectionHeaders
{
    private static readonly FrozenSet<string> HopByHop = new[]
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "transfer-encoding", "upgrade",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>True for a header that a proxy never sends on as it came.</summary>
    public static bool IsHopByHop(string name) => HopByHop.Contains(name);

    /// <summary>The headers that a line of <c>Connection</c> names, apart from what it cannot take out.</summary>
    public static IEnumerable<string> NominatedBy(string line) =>
        line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(name => !IsNeeded(name));

    // Names that a caller must not be able to hide from policy or from the upgrade.
    private static bool IsNeeded(string name) =>
        name[0] == ':'
        || name.StartsWith("content-", StringComparison.OrdinalIgnoreCase)
        || name.ToLowerInvariant() is "close" or "keep-alive" or "upgrade" or "te" or "host" or "transfer-encoding";
}
