using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>Which Sidecar resource a workload is under.</summary>
/// <remarks>
/// The resource that selects the workload counts before the namespace's own, that before the root namespace's. Gateways
/// are under none.
/// </remarks>
internal static class SidecarChoice
{
    /// <summary>The resource; null when there is none.</summary>
    public static Sidecar? Of(MeshIndex mesh, ProxyScope scope)
    {
        if (scope.Mode is ProxyMode.Gateway) return null;
        var own = mesh.Sidecars[scope.Namespace];
        var found = own.Where(s => IsSelecting(s.Spec))
                .FirstOrDefault(s => LabelSelector.Matches(s.Spec.WorkloadSelector!.MatchLabels, scope.Labels))
            ?? own.FirstOrDefault(s => !IsSelecting(s.Spec))
            ?? mesh.Sidecars[mesh.Settings.RootNamespace].FirstOrDefault(s => !IsSelecting(s.Spec));
        return found?.Spec;
    }

    private static bool IsSelecting(Sidecar sidecar) => sidecar.WorkloadSelector is { MatchLabels.IsEmpty: false };
}
