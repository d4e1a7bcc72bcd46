using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>Finds out whether a workload port demands mesh mTLS.</summary>
/// <remarks>
/// A policy that selects the workload counts before the namespace's, that before the mesh's (root namespace, no
/// selector); what is unset is inherited, and PERMISSIVE stands behind all. Among equals the oldest counts. A policy
/// with a selector in the root namespace is ignored. Ports are those of the workload.
/// </remarks>
internal static class AuthenticationScope
{
    public static MutualTlsMode ModeOf(
        MeshIndex mesh,
        string ns,
        ImmutableSortedDictionary<string, string> labels,
        int workloadPort)
    {
        var root = mesh.Settings.RootNamespace;
        var own = ns == root ? null : Selecting(mesh, ns, labels);
        var mode = Resolve(MutualTlsMode.Permissive, Whole(mesh, root));
        if (ns != root) mode = Resolve(mode, Whole(mesh, ns));
        mode = Resolve(mode, own);
        var port = own?.PortLevelMtls.GetValueOrDefault(workloadPort) ?? MutualTlsMode.Unset;
        return port is MutualTlsMode.Unset ? mode : port;
    }

    /// <summary>The workload ports of which a policy speaks by number.</summary>
    public static IEnumerable<int> PortsOf(
        MeshIndex mesh, string ns, ImmutableSortedDictionary<string, string> labels) =>
        ns == mesh.Settings.RootNamespace ? [] : Selecting(mesh, ns, labels)?.PortLevelMtls.Keys ?? [];

    private static PeerAuthentication? Whole(MeshIndex mesh, string ns) =>
        mesh.PeerAuthentications[ns].FirstOrDefault(p => !IsSelecting(p.Spec))?.Spec;

    private static PeerAuthentication? Selecting(
        MeshIndex mesh, string ns, ImmutableSortedDictionary<string, string> labels) =>
        mesh.PeerAuthentications[ns]
            .Where(p => IsSelecting(p.Spec))
            .FirstOrDefault(p => LabelSelector.Matches(p.Spec.Selector!.MatchLabels, labels))?.Spec;

    private static bool IsSelecting(PeerAuthentication policy) => policy.Selector is { MatchLabels.IsEmpty: false };

    private static MutualTlsMode Resolve(MutualTlsMode inherited, PeerAuthentication? policy) =>
        policy is null or { Mtls: MutualTlsMode.Unset } ? inherited : policy.Mtls;
}
