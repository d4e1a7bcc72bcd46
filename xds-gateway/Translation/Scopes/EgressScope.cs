using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>What the Sidecar resource of a workload lets it see.</summary>
/// <remarks>All egress listeners are taken together: a listener's port does not narrow its hosts.</remarks>
internal sealed class EgressScope
{
    private readonly string ownNamespace;
    private readonly ImmutableArray<(string Namespace, string Host)> entries;

    private EgressScope(string ownNamespace, Sidecar? sidecar)
    {
        this.ownNamespace = ownNamespace;
        Mode = sidecar?.OutboundTrafficPolicy?.Mode;
        entries = sidecar is null ? [] : [.. sidecar.Egress.SelectMany(e => e.Hosts).Select(Split)];
        SeesAll = sidecar is null || sidecar.Egress.IsEmpty;
    }

    /// <summary>What happens to unknown hosts; null when the resource does not say.</summary>
    public OutboundTrafficMode? Mode { get; }

    /// <summary>True when nothing is hidden.</summary>
    public bool SeesAll { get; }

    /// <summary>Hides nothing from the clients of a namespace.</summary>
    public static EgressScope Everything(string ownNamespace) => new(ownNamespace, null);

    public static EgressScope Of(MeshIndex mesh, ProxyScope scope) =>
        new(scope.Namespace, SidecarChoice.Of(mesh, scope));

    /// <summary>
    /// Whether the workload sees a host of a namespace. What is excluded with <c>~</c> is hidden first.
    /// </summary>
    public bool Sees(string ns, string host)
    {
        if (SeesAll) return true;
        var seen = false;
        foreach (var entry in entries)
        {
            var hides = entry.Namespace.StartsWith('~');
            var owner = hides ? entry.Namespace[1..] : entry.Namespace;
            if (!IsNamespace(owner, ns) || !HostName.Matches(entry.Host, host)) continue;
            if (hides) return false;
            seen = true;
        }

        return seen;
    }

    private static (string Namespace, string Host) Split(string entry)
    {
        var slash = entry.IndexOf('/');
        return slash < 0 ? ("*", entry) : (entry[..slash], entry[(slash + 1)..]);
    }

    /// <summary>A bare <c>~</c> (here empty) names no namespace: <c>~/*</c> sees nothing by itself.</summary>
    private bool IsNamespace(string pattern, string ns) => pattern switch
    {
        "" => false,
        "*" => true,
        "." => ns == ownNamespace,
        _ => pattern == ns,
    };
}
