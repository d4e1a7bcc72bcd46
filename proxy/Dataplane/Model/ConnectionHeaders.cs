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

    /// <summary>
    /// True for a header that <c>Connection</c> takes out by naming it: not for those that a caller must not be able to hide
    /// from policy or from the upgrade.
    /// </summary>
    public static bool IsTakenOut(ReadOnlySpan<char> name) =>
        name.Length > 0
        && name[0] != ':'
        && !name.Equals("close", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("upgrade", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("te", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("host", StringComparison.OrdinalIgnoreCase)
        && !name.StartsWith("content-", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase);
}
