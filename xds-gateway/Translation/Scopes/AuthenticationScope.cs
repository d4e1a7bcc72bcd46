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
        int workloadPort) => Find(mesh, ns, labels, workloadPort).Mode;

    /// <summary>The mode of a port and the policy that says so; without a policy when it is the default.</summary>
    public static AuthenticationInForce Find(
        MeshIndex mesh,
        string ns,
        ImmutableSortedDictionary<string, string> labels,
        int workloadPort)
    {
        var root = mesh.Settings.RootNamespace;
        var own = ns == root ? null : Selecting(mesh, ns, labels);
        var found = Resolve(AuthenticationInForce.Default, Whole(mesh, root), AuthenticationLevel.Mesh);
        if (ns != root) found = Resolve(found, Whole(mesh, ns), AuthenticationLevel.Namespace);
        found = Resolve(found, own, AuthenticationLevel.Workload);
        var port = own?.Spec.PortLevelMtls.GetValueOrDefault(workloadPort) ?? MutualTlsMode.Unset;
        return port is MutualTlsMode.Unset
            ? found
            : new AuthenticationInForce(port, own!.Resource.Key, AuthenticationLevel.Port);
    }

    /// <summary>The workload ports of which a policy speaks by number.</summary>
    public static IEnumerable<int> PortsOf(
        MeshIndex mesh, string ns, ImmutableSortedDictionary<string, string> labels) =>
        ns == mesh.Settings.RootNamespace ? [] : Selecting(mesh, ns, labels)?.Spec.PortLevelMtls.Keys ?? [];

    private static Sourced<PeerAuthentication>? Whole(MeshIndex mesh, string ns) =>
        mesh.PeerAuthentications[ns].FirstOrDefault(p => !IsSelecting(p.Spec));

    private static Sourced<PeerAuthentication>? Selecting(
        MeshIndex mesh, string ns, ImmutableSortedDictionary<string, string> labels) =>
        mesh.PeerAuthentications[ns]
            .Where(p => IsSelecting(p.Spec))
            .FirstOrDefault(p => LabelSelector.Matches(p.Spec.Selector!.MatchLabels, labels));

    private static bool IsSelecting(PeerAuthentication policy) => policy.Selector is { MatchLabels.IsEmpty: false };

    private static AuthenticationInForce Resolve(
        AuthenticationInForce inherited, Sourced<PeerAuthentication>? policy, AuthenticationLevel level) =>
        policy is null or { Spec.Mtls: MutualTlsMode.Unset }
            ? inherited
            : new AuthenticationInForce(policy.Spec.Mtls, policy.Resource.Key, level);
}
