using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Configuration;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Translation.Origins;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Explanations;

/// <summary>What sidecars make of a snapshot, each scope once.</summary>
internal sealed class ScopeModels(MeshSnapshot snapshot)
{
    private readonly Dictionary<ProxyScope, ScopeModel> _known = [];

    /// <summary>The model of a scope.</summary>
    public ScopeModel Of(ProxyScope scope)
    {
        if (_known.TryGetValue(scope, out var known)) return known;
        var origins = ScopeOrigins.Of(snapshot, scope);
        var groups = origins.Resources.Groups.Select(g => (g.TypeUrl, g.Resources.Select(r => (r.Name, r.ToAny()))));
        return _known[scope] = ProxyConfiguration.TryRead(groups, out var model, out var refusal)
            ? new ScopeModel(origins, model, "")
            : new ScopeModel(origins, ProxyModel.Empty, refusal);
    }

    /// <summary>The scope of a workload's sidecar. It sees everything: what is asked for on demand counts as asked for.</summary>
    public static ProxyScope ScopeOf(Workload workload) => new()
    {
        Namespace = workload.Namespace,
        ServiceAccount = workload.ServiceAccount,
        Labels = workload.Labels,
        Locality = workload.Locality,
        Network = workload.Network,
        Ports = workload.Ports,
    };
}

/// <summary>What one sidecar makes of a snapshot.</summary>
/// <param name="Origins">What it gets, and from where.</param>
/// <param name="Model">What it does; nothing at all when it refuses what it gets.</param>
/// <param name="Refusal">Why it refuses that; empty when it does not.</param>
internal sealed record ScopeModel(ScopeOrigins Origins, ProxyModel Model, string Refusal);
