using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>Which headers end at this hop, and which ones only the mesh may write.</summary>
internal static class HopHeaders
{
    public const string AttemptCount = "x-envoy-attempt-count";
    public const string OriginalPath = "x-envoy-original-path";
    public const string ForwardedClientCertificate = "x-forwarded-client-cert";
    public const string TimeoutOverride = "x-envoy-upstream-rq-timeout-ms";
    public const string Overloaded = "x-envoy-overloaded";

    private static readonly FrozenSet<string> HopByHop = new[]
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "transfer-encoding", "upgrade",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Set by the sidecar of the caller: kept when that sidecar has proved who it is, and never used for a decision.
    private static readonly FrozenSet<string> Informational =
        new[] { AttemptCount, OriginalPath }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>True for a header that is between two neighbours only.</summary>
    public static bool IsHopByHop(string name) => HopByHop.Contains(name);

    /// <summary>Takes out what only the mesh itself may say (CVE-2023-27487): trust is by identity, never by address.</summary>
    public static void StripMeshOwned(IHeaderDictionary headers, bool fromSidecar)
    {
        List<string>? stripped = null;
        foreach (var (name, _) in headers)
        {
            if (IsMeshOwned(name) && !(fromSidecar && Informational.Contains(name))) (stripped ??= []).Add(name);
        }

        if (stripped is null) return;
        foreach (var name in stripped) headers.Remove(name);
    }

    private static bool IsMeshOwned(string name) =>
        name.Length > 6
        && (name[0] | 0x20) == 'x'
        && (name.StartsWith("x-envoy-", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("x-mesh-", StringComparison.OrdinalIgnoreCase)
            || name.Equals(ForwardedClientCertificate, StringComparison.OrdinalIgnoreCase));
}
