using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Configuration;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Translation.Origins;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Explanations;

/// <summary>What sidecars make of a snapshot, each scope once.</summary>
internal sealed class ScopeModels(MeshSnapshot snapshot)
{
    private readonly Dictionary<ProxyScope, ScopeModel> _whole = [];
    private readonly Dictionary<ProxyScope, ScopeModel> _inbound = [];

    /// <summary>The model of a scope.</summary>
    public ScopeModel Of(ProxyScope scope)
    {
        if (_whole.TryGetValue(scope, out var known)) return known;
        var origins = ScopeOrigins.Of(snapshot, scope);
        return _whole[scope] = Read(origins, origins.Resources.Groups);
    }

    /// <summary>
    /// The model of a scope as far as its own workload is called. Costs little, as there may be many of these.
    /// </summary>
    public ScopeModel InboundOf(ProxyScope scope)
    {
        if (_inbound.TryGetValue(scope, out var known)) return known;
        var origins = ScopeOrigins.Of(snapshot, scope);
        return _inbound[scope] = Read(origins, [origins.InboundListeners]);
    }

    /// <summary>
    /// What a workload does as a gateway; null when it is none. It is taken for one that has no sidecar and at one of
    /// whose ports a Gateway that selects its labels listens.
    /// </summary>
    /// <param name="workload">The workload.</param>
    /// <param name="port">The port that is called.</param>
    public ScopeModel? GatewayOf(Workload workload, int port)
    {
        if (workload.HasSidecar) return null;
        var scope = GatewayScopeOf(workload);
        if (_whole.TryGetValue(scope, out var known)) return Listens(known.Origins) ? known : null;
        return Listens(ScopeOrigins.Of(snapshot, scope)) ? Of(scope) : null;

        bool Listens(ScopeOrigins origins) => origins.Edge.Ports.Any(p => p.Number == port && p.IsSelected);
    }

    /// <summary>The scope of a workload that is a gateway.</summary>
    public static ProxyScope GatewayScopeOf(Workload workload) => ScopeOf(workload) with { Mode = ProxyMode.Gateway };

    /// <summary>
    /// The scope of a workload's sidecar. It sees everything: what is asked for on demand counts as asked for.
    /// </summary>
    public static ProxyScope ScopeOf(Workload workload) => new()
    {
        Namespace = workload.Namespace,
        ServiceAccount = workload.ServiceAccount,
        Labels = workload.Labels,
        Locality = workload.Locality,
        Network = workload.Network,
        Ports = workload.Ports,
    };

    private static ScopeModel Read(ScopeOrigins origins, IEnumerable<ResourceGroup> groups) =>
        ProxyConfiguration.TryRead(
            groups.Select(g => (g.TypeUrl, g.Resources.Select(r => (r.Name, r.ToAny())))),
            out var model,
            out var refusal)
            ? new ScopeModel(origins, model, "")
            : new ScopeModel(origins, ProxyModel.Empty, refusal);
}

/// <summary>What one sidecar makes of a snapshot.</summary>
/// <param name="Origins">What it gets, and from where.</param>
/// <param name="Model">What it does; nothing at all when it refuses what it gets.</param>
/// <param name="Refusal">Why it refuses that; empty when it does not.</param>
internal sealed record ScopeModel(ScopeOrigins Origins, ProxyModel Model, string Refusal);
