using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>Makes the routes of connections to one port of a service that is not HTTP.</summary>
/// <remarks>
/// As Istio has it: ports of TLS take the VirtualService's <c>tls</c> routes, all others its <c>tcp</c> routes; source
/// labels, source namespace, gateways and port select who gets a rule; the destination subnets of a rule stand in for
/// the service's own addresses. Where no rule takes everything the service itself is called, except on a TLS port that
/// has rules: there a name that none of them knows is refused. A destination that does not exist leads nowhere. How
/// long a connection may last, and through what proxy it goes, is said by the DestinationRule of the first destination.
/// </remarks>
/// <param name="view">Who calls.</param>
/// <param name="known">The clusters there are.</param>
/// <param name="isByName">The callers name the service, whatever addresses it has.</param>
internal sealed class TcpRoutes(ProxyView view, IReadOnlySet<string> known, bool isByName = false)
{
    /// <param name="service">The service.</param>
    /// <param name="port">Its port.</param>
    /// <param name="own">Its addresses, where the listener is not there for one of them alone.</param>
    public IEnumerable<TcpRoute> Of(Service service, ServicePort port, ImmutableArray<string> own) =>
        Walk(service, port, own).Select(rule => rule.Route).OfType<TcpRoute>();

    /// <summary>
    /// The conditions of the VirtualService one by one, each with its route or with why this proxy has none for it.
    /// What stands behind a route that takes everything is left out.
    /// </summary>
    /// <param name="service">The service.</param>
    /// <param name="port">Its port.</param>
    /// <param name="own">Its addresses, where the listener is not there for one of them alone.</param>
    public IEnumerable<TranslatedConnection> Walk(Service service, ServicePort port, ImmutableArray<string> own)
    {
        var source = view.VirtualServices.Find(service.Host);
        return port.Protocol.IsTls()
            ? ForTls(service, port, own, source)
            : ForTcp(service, port, own, source);
    }

    private IEnumerable<TranslatedConnection> ForTls(
        Service service, ServicePort port, ImmutableArray<string> own, Sourced<VirtualService>? source)
    {
        var hasRule = false;
        foreach (var (r, rule) in (source?.Spec.Tls ?? []).Index())
        {
            var targets = TcpTargets.Of(view, source!, rule.Route, port.Number, known);
            foreach (var (m, match) in rule.Match.Index())
            {
                var place = new TranslatedConnection(source, "tls", r, m);
                if (ExclusionOf(match, port.Number) is { } exclusion)
                {
                    yield return place with { Exclusion = exclusion };
                    continue;
                }

                hasRule = true;
                ImmutableArray<string> names = match.SniHosts.Contains("*") ? [] : match.SniHosts;
                yield return place with { Route = new(NetworksOf(match, own), names, [], targets) };
            }
        }

        if (hasRule) yield break;
        var isKnownByName = !isByName && own.IsEmpty && service.Addresses.IsEmpty && service.Host != "*";
        yield return TranslatedConnection.OfService(
            new(own, isKnownByName ? [service.Host] : [], [], Default(service, port)));
    }

    private IEnumerable<TranslatedConnection> ForTcp(
        Service service, ServicePort port, ImmutableArray<string> own, Sourced<VirtualService>? source)
    {
        foreach (var (r, rule) in (source?.Spec.Tcp ?? []).Index())
        {
            var targets = TcpTargets.Of(view, source!, rule.Route, port.Number, known);
            foreach (var (m, match) in (rule.Match.IsEmpty ? [new L4Match()] : rule.Match).Index())
            {
                var place = new TranslatedConnection(source, "tcp", r, rule.Match.IsEmpty ? null : m);
                if (ExclusionOf(match, port.Number) is { } exclusion)
                {
                    yield return place with { Exclusion = exclusion };
                    continue;
                }

                ImmutableArray<string> sources = match.SourceSubnet.Length > 0 ? [match.SourceSubnet] : [];
                yield return place with { Route = new(NetworksOf(match, own), [], sources, targets) };
                if (match.DestinationSubnets.IsEmpty && sources.IsEmpty) yield break;
            }
        }

        var isByMember = !isByName && OutboundCluster.HasMemberClusters(service, port);
        foreach (var address in isByMember ? own : [])
        {
            var cluster = ClusterName.Member(service.Host, port.Number, address);
            if (!known.Contains(cluster)) continue;
            yield return TranslatedConnection.OfService(
                new([address], [], [], TcpTargets.Of(cluster, PolicyOf(service, port))));
        }

        if (!isByMember) yield return TranslatedConnection.OfService(new(own, [], [], Default(service, port)));
    }

    private ClusterPolicy PolicyOf(Service service, ServicePort port) =>
        view.RuleOf(service).PolicyOf(port.Number, subset: null);

    private TcpTargets Default(Service service, ServicePort port) =>
        TcpTargets.Of(ClusterName.Outbound(service.Host, port.Number), PolicyOf(service, port));

    private static ImmutableArray<string> NetworksOf(L4Match match, ImmutableArray<string> own) =>
        match.DestinationSubnets.IsEmpty ? own : match.DestinationSubnets;

    /// <summary>Why a condition is not for this proxy at all; null when it is.</summary>
    private string? ExclusionOf(L4Match match, int port)
    {
        if (match.Port is { } wanted && wanted != port) return $"is for port {wanted}";
        if (!match.Gateways.IsEmpty && !match.Gateways.Contains(VirtualService.MeshGateway))
        {
            return $"is for gateways: {string.Join(", ", match.Gateways)}";
        }

        if (match.SourceNamespace.Length > 0 && match.SourceNamespace != view.Scope.Namespace)
        {
            return $"is for clients of namespace {match.SourceNamespace}";
        }

        return LabelSelector.Matches(match.SourceLabels, view.Scope.Labels)
            ? null
            : $"is for clients with {string.Join(", ", match.SourceLabels.Select(l => $"{l.Key}={l.Value}"))}";
    }
}
