using System.Collections.Frozen;

namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// The headers that say where a message ends and what becomes of its connection: no rule sets them, since what they say is
/// the proxy's own doing.
/// </summary>
public static class FramingHeaders
{
    private static readonly FrozenSet<string> _names = new[]
    {
        "connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a name, in any case, is that of one of them.</summary>
    public static bool Contains(string name) => _names.Contains(name);
}
