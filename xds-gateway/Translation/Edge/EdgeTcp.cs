using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;
using TcpRoute = MeshOrleans.Xds.Translation.Listeners.TcpRoute;
using TcpTargets = MeshOrleans.Xds.Translation.Listeners.TcpTargets;
using TranslatedConnection = MeshOrleans.Xds.Translation.Listeners.TranslatedConnection;

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
        _known = OutboundCluster.NamesOf(_clusters);
    }

    /// <summary>Where a server for bytes leads: by the first rule that counts there; null when there is none.</summary>
    public TcpRoute? Whole(EdgeServer server) =>
        WalkWhole(server).Select(rule => rule.Route).OfType<TcpRoute>().FirstOrDefault();

    /// <summary>Where TLS that goes through leads, by the name in the handshake.</summary>
    public IEnumerable<TcpRoute> ByServerName(EdgeServer server) =>
        WalkByServerName(server).Select(rule => rule.Route).OfType<TcpRoute>();

    /// <summary>The conditions on bytes at a server one by one, each with its route or with why it has none.</summary>
    public IEnumerable<TranslatedConnection> WalkWhole(EdgeServer server)
    {
        foreach (var source in _sources.Where(source => EdgeRoutes.HostsAt(server, source).Any()))
        {
            foreach (var (r, rule) in source.Spec.Tcp.Index())
            {
                TcpRoute? route = null;
                foreach (var (m, match) in (rule.Match.IsEmpty ? [new L4Match()] : rule.Match).Index())
                {
                    var place = new TranslatedConnection(source, "tcp", r, rule.Match.IsEmpty ? null : m);
                    yield return ExclusionOf(match, source, server) is { } exclusion
                        ? place with { Exclusion = exclusion }
                        : place with { Route = route ??= new([], [], [], Targets(source, rule.Route, server)) };
                }
            }
        }
    }

    /// <summary>The same of TLS that goes through.</summary>
    public IEnumerable<TranslatedConnection> WalkByServerName(EdgeServer server)
    {
        foreach (var source in _sources)
        {
            var hosts = EdgeRoutes.HostsAt(server, source).ToList();
            foreach (var (r, rule) in hosts.Count > 0 ? source.Spec.Tls.Index() : [])
            {
                var targets = Targets(source, rule.Route, server);
                foreach (var (m, match) in rule.Match.Index())
                {
                    var place = new TranslatedConnection(source, "tls", r, m);
                    var names = NamesOf(match, hosts);
                    var exclusion = ExclusionOf(match, source, server)
                        ?? (names.IsEmpty ? "asks for no name that the gateway leaves to it" : null);
                    yield return exclusion is not null
                        ? place with { Exclusion = exclusion }
                        : place with { Route = new([], names, [], targets) };
                }
            }
        }
    }

    /// <summary>The clusters that a server opens to other networks: the name in the handshake is theirs.</summary>
    public IEnumerable<OutboundCluster> Opened(EdgeServer server) => _clusters.Where(cluster =>
        server.HostsFor(cluster.Service.Namespace).Any(host => HostName.Matches(host, cluster.Service.Host)));

    private static ImmutableArray<string> NamesOf(L4Match match, List<string> hosts)
    {
        var common =
            from sni in match.SniHosts
            from host in hosts
            select HostName.Overlap(host, sni.ToLowerInvariant());
        return [.. common.OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Why a condition does not count at a server; null when it does.</summary>
    private string? ExclusionOf(L4Match match, Sourced<VirtualService> source, EdgeServer server)
    {
        if (match.Port is { } wanted && wanted != server.Port.Number) return $"is for port {wanted}";
        var isForClient = (match.SourceNamespace.Length == 0 || match.SourceNamespace == _view.Scope.Namespace)
            && LabelSelector.Matches(match.SourceLabels, _view.Scope.Labels);
        return EdgeRoutes.IsFor(
            match.Gateways, source.Namespace, new HashSet<string> { server.GatewayName }, isForClient)
            ? null
            : "is not for this gateway";
    }

    private TcpTargets Targets(
        Sourced<VirtualService> source, ImmutableArray<WeightedDestination> route, EdgeServer server) =>
        TcpTargets.Of(_view, source, route, server.Port.Number, _known);
}
