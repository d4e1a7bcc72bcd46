using System.Collections.Frozen;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Which request headers only the mesh may write.</summary>
public static class MeshHeaders
{
    /// <summary>Which try of a request this is.</summary>
    public const string AttemptCount = "x-envoy-attempt-count";

    /// <summary>The path before a rewrite.</summary>
    public const string OriginalPath = "x-envoy-original-path";

    /// <summary>Who the caller has proved to be.</summary>
    public const string ForwardedClientCertificate = "x-forwarded-client-cert";

    // Set by the sidecar of the caller: kept when that sidecar has proved who it is, and never used for a decision.
    private static readonly FrozenSet<string> Informational =
        new[] { AttemptCount, OriginalPath }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>True for a header that a proxy takes out of what it is sent.</summary>
    /// <param name="name">The header's name, in any case.</param>
    /// <param name="fromSidecar">Whether who sends it has proved to be of the mesh.</param>
    public static bool IsStripped(string name, bool fromSidecar) =>
        IsMeshOwned(name) && !(fromSidecar && Informational.Contains(name));

    /// <summary>
    /// Whether applications may take one name for another: many read <c>_</c> as <c>-</c>, as CGI once did.
    /// </summary>
    public static bool IsTwin(ReadOnlySpan<char> name, ReadOnlySpan<char> other) =>
        name.Length == other.Length && Begins(name, other);

    /// <summary>Whether a name is <c>x-forwarded-</c> something, with an underscore in it.</summary>
    public static bool IsForwardedTwin(string name) => name.Contains('_') && Begins(name, "x-forwarded-");

    private static bool IsMeshOwned(string name) =>
        name.Length > 6
        && (name[0] | 0x20) == 'x'
        && (Begins(name, "x-envoy-") || Begins(name, "x-mesh-") || IsTwin(name, ForwardedClientCertificate));

    private static bool Begins(ReadOnlySpan<char> name, ReadOnlySpan<char> prefix)
    {
        if (name.Length < prefix.Length) return false;
        for (var i = 0; i < prefix.Length; i++)
        {
            if (Folded(name[i]) != Folded(prefix[i])) return false;
        }

        return true;
    }

    private static char Folded(char c) => c is '_' ? '-' : char.ToLowerInvariant(c);
}
