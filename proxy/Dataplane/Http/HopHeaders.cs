using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>Which headers end at this hop, and which ones only the mesh may write.</summary>
internal static class HopHeaders
{
    public const string AttemptCount = MeshHeaders.AttemptCount;
    public const string OriginalPath = MeshHeaders.OriginalPath;
    public const string ForwardedClientCertificate = MeshHeaders.ForwardedClientCertificate;
    public const string TimeoutOverride = "x-envoy-upstream-rq-timeout-ms";
    public const string Overloaded = "x-envoy-overloaded";
    public const string RateLimited = "x-envoy-ratelimited";

    /// <summary>
    /// Takes out what only the mesh itself may say (CVE-2023-27487): trust is by identity, never by address.
    /// </summary>
    /// <returns>
    /// False when a header is none, which whoever is behind the proxy would read in another way, or not at all.
    /// </returns>
    public static bool TryStripMeshOwned(IHeaderDictionary headers, bool fromSidecar)
    {
        List<string>? stripped = null;
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(':')) continue; // Kestrel's own reading of the line of HTTP/2
            if (!FieldSyntax.IsName(name) || !FieldSyntax.AreValues(values)) return false;
            if (MeshHeaders.IsStripped(name, fromSidecar)) (stripped ??= []).Add(name);
        }

        if (stripped is null) return true;
        foreach (var name in stripped) headers.Remove(name);
        return true;
    }

    /// <summary>
    /// Takes out what applications may take for the headers by which a gateway says who its client is, written with _ in
    /// place of -.
    /// </summary>
    public static void StripForwardedTwins(IHeaderDictionary headers)
    {
        List<string>? stripped = null;
        foreach (var (name, _) in headers)
        {
            if (MeshHeaders.IsForwardedTwin(name)) (stripped ??= []).Add(name);
        }

        if (stripped is null) return;
        foreach (var name in stripped) headers.Remove(name);
    }

    /// <summary>
    /// Takes out what the caller's Connection header names. Done before the proxy sets anything, so nothing that the
    /// proxy sets can be taken out by it (CVE-2024-45410). Kestrel shows all of them by
    /// <see cref="ConnectionEncoding"/>.
    /// </summary>
    public static void StripNominated(IHeaderDictionary headers)
    {
        foreach (var line in headers.Connection)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var name = line.AsSpan()[range].Trim();
                if (ConnectionHeaders.IsTakenOut(name)) headers.Remove(name.ToString());
            }
        }
    }
}
