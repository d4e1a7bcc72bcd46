using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;
using TcpRoute = MeshOrleans.Xds.Translation.Listeners.TcpRoute;
using TcpTargets = MeshOrleans.Xds.Translation.Listeners.TcpTargets;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>Makes the routes of connections whose bytes a gateway proxy does not read.</summary>
internal sealed class EdgeTcp
{
    private readonly ProxyView _view;
    private readonly ImmutableArray<Sourced<VirtualService>> _sources;
    private readonly ImmutableArray<OutboundCluster> _clusters;
    private readonly HashSet<string> _known;

    public EdgeTcp(ProxyView view)
    {
        (_view, _sources, _clusters) = (view, EdgeRoutes.Of(view), OutboundCluster.Of(view));
        _known = _clusters.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Where a server for bytes leads: by the first rule that counts there; null when there is none.</summary>
    public TcpRoute? Whole(EdgeServer server) => (
        from source in _sources
        where EdgeRoutes.HostsAt(server, source).Any()
        from rule in source.Spec.Tcp
        where rule.Match.IsEmpty || rule.Match.Any(match => IsFor(match, source, server))
        select new TcpRoute([], [], [], Targets(source, rule.Route, server))).FirstOrDefault();

    /// <summary>Where TLS that goes through leads, by the name in the handshake.</summary>
    public IEnumerable<TcpRoute> ByServerName(EdgeServer server) =>
        from source in _sources
        let hosts = EdgeRoutes.HostsAt(server, source).ToList()
        where hosts.Count > 0
        from rule in source.Spec.Tls
        let targets = Targets(source, rule.Route, server)
        from match in rule.Match
        where IsFor(match, source, server)
        let names = NamesOf(match, hosts)
        where !names.IsEmpty
        select new TcpRoute([], names, [], targets);

    /// <summary>The clusters that a server opens to other networks: the name in the handshake is theirs.</summary>
    public IEnumerable<OutboundCluster> Opened(EdgeServer server) => _clusters.Where(cluster =>
        server.HostsFor(cluster.Service.Namespace).Any(host => HostName.Matches(host, cluster.Service.Host)));

    private static ImmutableArray<string> NamesOf(L4Match match, List<string> hosts)
    {
        var common =
            from sni in match.SniHosts
            from host in hosts
            select EdgeServer.Overlap(host, sni.ToLowerInvariant());
        return [.. common.OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private bool IsFor(L4Match match, Sourced<VirtualService> source, EdgeServer server)
    {
        if (match.Port is { } wanted && wanted != server.Port.Number) return false;
        var isForClient = (match.SourceNamespace.Length == 0 || match.SourceNamespace == _view.Scope.Namespace)
            && LabelSelector.Matches(match.SourceLabels, _view.Scope.Labels);
        return EdgeRoutes.IsFor(
            match.Gateways, source.Namespace, new HashSet<string> { server.GatewayName }, isForClient);
    }

    private TcpTargets Targets(
        Sourced<VirtualService> source, ImmutableArray<WeightedDestination> route, EdgeServer server) =>
        TcpTargets.Of(_view, source, route, server.Port.Number, _known);
}
