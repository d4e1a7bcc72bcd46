using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Policies;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Origins;

/// <summary>
/// What one proxy scope gets, and for a person who asks, which configuration each part of it comes from.
/// </summary>
/// <remarks>
/// Answers by the very lookups of the translation. Not safe for several threads at a time.
/// </remarks>
public sealed class ScopeOrigins
{
    private const string Opened = "outbound_."; // a cluster that a gateway opens to other networks

    private readonly ProxyView _view;

    private ScopeOrigins(ProxyView view) => _view = view;

    /// <summary>Whose it is.</summary>
    public ProxyScope Scope => _view.Scope;

    /// <summary>The resources that a proxy of the scope gets.</summary>
    public ResourceSet Resources => field ??= SnapshotTranslator.Translate(_view);

    /// <summary>
    /// Of these, what tells what becomes of requests to the scope's own workload; made without the others.
    /// </summary>
    public ResourceGroup InboundListeners => field ??= ResourceGroup.Of(
        TypeUrls.Listener,
        InboundListenerTranslator.Translate(_view, InboundPort.Of(_view)) is { } listener
            ? [listener]
            : Array.Empty<Listener>(),
        listener => listener.Name);

    /// <summary>Where it takes what comes from outside, if it is a gateway.</summary>
    public EdgeOrigins Edge => field ??= new EdgeOrigins(_view);

    /// <summary>The first of the trust domains that count as this mesh's own.</summary>
    public string TrustDomain => _view.Mesh.Settings.TrustDomains[0];

    /// <summary>Looks at a snapshot as a proxy scope sees it.</summary>
    public static ScopeOrigins Of(MeshSnapshot snapshot, ProxyScope scope) =>
        new(new ProxyView(MeshIndex.Of(snapshot), scope));

    /// <summary>
    /// The full name of the service that a client calls by a name on a port; null when it sees none of that name. An
    /// address in a network is no name: without a sidecar it is somebody else's.
    /// </summary>
    public string? FindHost(string name, int port) =>
        AutoScope.FindHost(_view.Mesh, _view.Scope.Namespace, name, port, byNetwork: false)
        ?? _view.Services.FirstOrDefault(s => VirtualHostDomains.NamesOf(s, _view.Scope.Namespace)
            .Contains(name, StringComparer.OrdinalIgnoreCase))?.Host;

    /// <summary>The service of a full host name; null when the scope does not see it.</summary>
    public Service? FindService(string host) => _view.FindService(host);

    /// <summary>
    /// The workloads behind a cluster, unhealthy ones included; none when the cluster does not exist or is none of a
    /// service.
    /// </summary>
    /// <param name="cluster">Its name.</param>
    public ImmutableArray<ServiceEndpoint> Endpoints(string cluster)
    {
        if (!TryReadCluster(cluster, out var service, out var port, out var subset)) return [];
        return OutboundCluster.Of(_view, service)
            .FirstOrDefault(c => c.Port == port && (c.Subset?.Name ?? "") == subset)?.Endpoints ?? [];
    }

    /// <summary>
    /// The VirtualServices that might answer for a host, oldest first: the one that does, and why the others do not.
    /// All that name it, and at most 20 others of the client's and the service's namespace.
    /// </summary>
    /// <param name="host">A full host name.</param>
    /// <param name="isOfRequests">
    /// Whether requests are asked about, and not connections whose bytes are carried.
    /// </param>
    public ImmutableArray<Candidate> VirtualServices(string host, bool isOfRequests = true) =>
        VirtualServiceCandidates.Of(_view, host, isOfRequests);

    /// <summary>
    /// The HTTP conditions of the VirtualService that answers for a host, in their order. Those that are for this scope
    /// are the routes of the host's virtual host, in the same order. None when no VirtualService answers.
    /// </summary>
    public ImmutableArray<RuleOrigin> Rules(string host, int port) =>
        _view.VirtualServices.Find(host) is { } source
            ? [.. HttpRouteTranslator.Walk(_view, source, port)
                .Select(r => new RuleOrigin(r.Rule, r.Match, r.Name, r.Exclusion, r.Origin))]
            : [];

    /// <summary>
    /// The conditions on connections to a port of a service that is not HTTP, in their order; the last may be that of
    /// the service itself. None when the scope does not see the service.
    /// </summary>
    /// <param name="host">A full host name.</param>
    /// <param name="port">The service's port.</param>
    public ImmutableArray<ConnectionOrigin> Connections(string host, int port)
    {
        if (_view.FindService(host) is not { } service || service.FindPort(port) is not { } found) return [];
        return
        [
            .. new TcpRoutes(_view, KnownClusters(), isByName: true).Walk(service, found, [])
                .Select(rule => EdgeOrigins.OriginOf(rule, [])),
        ];
    }

    /// <summary>
    /// The conditions on connections to whatever address at a port: those of the services that have no address of their own,
    /// in the order in which what they ask for is claimed.
    /// </summary>
    /// <param name="port">The port that is called.</param>
    public ImmutableArray<ConnectionOrigin> SharedConnections(int port)
    {
        var routes = new TcpRoutes(_view, KnownClusters());
        return
        [
            .. from sharing in TcpListenerTranslator.SharingAt(_view, port)
               from rule in routes.Walk(sharing.Service, sharing.Port, sharing.Networks)
               select EdgeOrigins.OriginOf(rule, []) with { Host = sharing.Service.Host },
        ];
    }

    /// <summary>The DestinationRules that name a cluster's service: which count, and why the others do not.</summary>
    public ImmutableArray<Candidate> DestinationRules(string cluster) =>
        TryReadCluster(cluster, out var service, out _, out _)
            ? DestinationRuleCandidates.Of(_view, service)
            : [];

    /// <summary>Whether a port of the scope's own workload demands mesh mTLS, and who says so.</summary>
    public AuthenticationInForce AuthenticationOf(int workloadPort) =>
        AuthenticationScope.Find(_view.Mesh, _view.Scope.Namespace, _view.Scope.Labels, workloadPort);

    /// <summary>The AuthorizationPolicies that might concern the scope's own workload, by name.</summary>
    public ImmutableArray<PolicyOrigin> AuthorizationPolicies() =>
    [
        .. RbacTranslator.Considered(_view.Mesh, _view.Scope).Select(policy => new PolicyOrigin(
            policy.Resource.Key,
            policy.Spec.Action,
            RbacTranslator.IsOnTrial(policy),
            [.. policy.Spec.Rules.Select((_, i) => RbacTranslator.NameOf(policy.Resource.Key, i))],
            RbacTranslator.ExclusionOf(_view.Scope, policy) ?? ServedExclusion(policy.Spec),
            policy.Spec.Provider)),
    ];

    /// <summary>
    /// Why nobody can be asked about what CUSTOM policies match, as half a sentence; empty when somebody can, or there is no
    /// such policy.
    /// </summary>
    public string AuthorizerProblem => _view.Authorizer.Problem;

    private string ServedExclusion(Model.Config.AuthorizationPolicy policy) =>
        policy.Action is Model.Config.AuthorizationAction.Custom && _view.Authorizer.Served is { Length: > 0 } served
            ? $"the workload serves the provider {served} itself, which is not asked about requests to it"
            : "";

    private HashSet<string> KnownClusters() => OutboundCluster.NamesOf(OutboundCluster.Of(_view));

    private bool TryReadCluster(string cluster, out Service service, out ServicePort port, out string subset)
    {
        (service, port, subset) = (null!, null!, "");
        var isOpened = cluster.StartsWith(Opened, StringComparison.Ordinal);
        var parts = isOpened ? cluster.Split("_.", 4) : cluster.Split('|', 4);
        if (parts is not ["outbound", var number, var part, var host]
            || !int.TryParse(number, out var parsed)
            || _view.FindService(host) is not { } found
            || found.FindPort(parsed) is not { } foundPort)
        {
            return false;
        }

        (service, port, subset) = (found, foundPort, part);
        return true;
    }
}
