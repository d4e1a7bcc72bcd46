using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Edge;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Origins;

/// <summary>
/// Why a VirtualService speaks for a host at a gateway, or does not. Which do, the route tables alone say.
/// </summary>
internal static class EdgeCandidates
{
    private const int MaxStrangers = 20;

    /// <summary>All that name the host, and some that name a gateway and other hosts.</summary>
    /// <param name="view">What the gateway sees.</param>
    /// <param name="servers">The servers of the port.</param>
    /// <param name="host">The host, or the name in the handshake; empty for bytes that have neither.</param>
    /// <param name="domain">The virtual host that takes it; null when none does, and for connections.</param>
    /// <param name="isOfRequests">Whether requests are asked about.</param>
    public static ImmutableArray<Candidate> Of(
        ProxyView view, ImmutableArray<EdgeServer> servers, string host, string? domain, bool isOfRequests)
    {
        var written = view.Mesh.GatewayRoutes.Concat(view.Mesh.VirtualServices)
            .DistinctBy(source => source.Resource.Key)
            .ToLookup(source => host.Length == 0
                ? source.Spec.IsForGateways
                : source.Spec.Hosts.Any(h => HostName.Matches(HostName.Resolve(h, source.Namespace), host)));
        return
        [
            .. Attached(view, servers, host, domain, isOfRequests),
            .. written[true].Concat(written[false].Where(source => source.Spec.IsForGateways).Take(MaxStrangers))
                .OrderBy(source => source.Resource, ConfigResource.ByAge)
                .Select(source => Judge(view, servers, source, host, domain, isOfRequests)),
        ];
    }

    /// <summary>The routes of the Gateway API whose listener and host take it.</summary>
    private static IEnumerable<Candidate> Attached(
        ProxyView view, ImmutableArray<EdgeServer> servers, string host, string? domain, bool isOfRequests) =>
        from source in view.Mesh.ListenerRoutes
        where HasRules(source.Spec, isOfRequests)
        from server in servers
        from common in EdgeRoutes.HostsAt(server, source)
        where host.Length == 0 || HostName.Matches(common, host)
        from key in source.Spec.Http.Select(rule => rule.Origin?.Key).OfType<ConfigKey>()
            .DefaultIfEmpty(source.Resource.Key).Distinct()
        select domain is null || common == domain
            ? new Candidate(key, true, $"answers for {common} at listener {server.GatewayName}")
            : new Candidate(key, false, $"is for {common} at listener {server.GatewayName}, and {domain} is nearer");

    private static Candidate Judge(
        ProxyView view,
        ImmutableArray<EdgeServer> servers,
        Sourced<VirtualService> source,
        string host,
        string? domain,
        bool isOfRequests)
    {
        if (!source.Spec.IsForGateways) return Because(source, "is for sidecars only");
        if (!Visibility.Allows(source.Spec.ExportTo, source.Namespace, view.Scope.Namespace))
        {
            return Because(source, $"is not exported to namespace {view.Scope.Namespace}");
        }

        var bound = servers.Where(server => EdgeRoutes.IsBound(server, source)).ToList();
        if (bound.Count == 0)
        {
            return Because(source, $"is for other gateways or ports: {string.Join(", ", source.Spec.Gateways)}");
        }

        var hosts = bound.SelectMany(server => EdgeRoutes.HostsAt(server, source)).Distinct().ToList();
        if (hosts.Count == 0)
        {
            var served = string.Join(", ", bound.SelectMany(server => server.Server.Hosts).Distinct());
            return Because(source, $"has no host that the gateway leaves to namespace {source.Namespace} ({served})");
        }

        var taking = hosts.Where(h => host.Length == 0 || HostName.Matches(h, host)).ToList();
        if (taking.Count == 0) return Because(source, $"is for other hosts: {string.Join(", ", hosts)}");
        if (!HasRules(source.Spec, isOfRequests))
        {
            return Because(source, isOfRequests ? "has no rules of requests" : "has no rules of connections");
        }

        return domain is not null && !taking.Contains(domain)
            ? Because(source, $"is for {taking[0]}, and {domain} is nearer")
            : Because(source, $"answers for {domain ?? taking[0]} at {bound[0].GatewayName}", counts: true);
    }

    private static bool HasRules(VirtualService spec, bool isOfRequests) =>
        isOfRequests ? !spec.Http.IsEmpty : !spec.Tls.IsEmpty || !spec.Tcp.IsEmpty;

    private static Candidate Because(Sourced<VirtualService> source, string reason, bool counts = false) =>
        new(source.Resource.Key, counts, reason);
}
