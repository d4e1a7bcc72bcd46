using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.Router;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Routes;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>
/// Checks a result for a gRPC program: what any of its implementations would refuse, or wait for in vain, is a fault of
/// the translation.
/// </summary>
public static class ProxylessCheck
{
    /// <summary>Everything that is wrong, as sentences; empty when the result may be sent.</summary>
    public static ImmutableArray<string> Violations(ResourceSet resources)
    {
        var faults = new List<string>();
        var clusters = ReferenceCheck.Read<Cluster>(resources.Clusters);
        var assignments = ReferenceCheck.Read<ClusterLoadAssignment>(resources.Endpoints);
        var tables = ReferenceCheck.Read<RouteConfiguration>(resources.Routes);
        foreach (var group in resources.Groups) ReferenceCheck.CheckNames(group, faults);
        foreach (var cluster in clusters) Check(cluster, faults);
        foreach (var assignment in assignments) ClusterCheck.Check(assignment, faults);
        foreach (var table in tables) Check(table, faults);
        var listeners = ReferenceCheck.Read<Listener>(resources.Listeners);
        foreach (var listener in listeners) Check(listener, faults);
        var named = listeners.Select(RoutesOf).OfType<string>();
        Compare("route table", named, tables.Select(t => t.Name), faults);
        var asked = clusters.Select(c => c.EdsClusterConfig.ServiceName);
        Compare("endpoints", asked, assignments.Select(a => a.ClusterName), faults);
        foreach (var name in tables.SelectMany(RouteCheck.ClustersOf).Except(clusters.Select(c => c.Name)))
        {
            faults.Add($"A route leads to {name}, for which a client would wait.");
        }

        return [.. faults];
    }

    private static void Compare(string what, IEnumerable<string> asked, IEnumerable<string> given, List<string> faults)
    {
        var (wanted, there) = (asked.ToHashSet(StringComparer.Ordinal), given.ToHashSet(StringComparer.Ordinal));
        faults.AddRange(wanted.Except(there).Select(name => $"The {what} {name} does not exist."));
        faults.AddRange(there.Except(wanted).Select(name => $"Nobody asks for the {what} {name}."));
    }

    /// <summary>The name of the route table that a listener asks for; null when it has its own.</summary>
    private static string? RoutesOf(Listener listener) =>
        listener.ApiListener?.ApiListener_.Unpack<HttpConnectionManager>().Rds?.RouteConfigName;

    private static void Check(Listener listener, List<string> faults)
    {
        if (listener.ListenerFilters.Count > 0 || listener.UseOriginalDst is true)
        {
            faults.Add($"{listener.Name} has what only a proxy knows.");
        }

        if (listener.ApiListener is { } api)
        {
            var manager = api.ApiListener_.Unpack<HttpConnectionManager>();
            CheckFilters(listener.Name, manager, HTTPFault.Descriptor.FullName, faults);
            if (manager.Rds?.ConfigSource.Ads is null) faults.Add($"{listener.Name} takes its routes from elsewhere.");
        }
        else if (listener.FilterChains is [{ Filters: [var only] } chain])
        {
            CheckServer(listener, chain, only, faults);
        }
        else
        {
            faults.Add($"{listener.Name} has not one chain with one filter.");
        }
    }

    private static void CheckServer(Listener listener, FilterChain chain, Filter only, List<string> faults)
    {
        var server = only.TypedConfig.Unpack<HttpConnectionManager>();
        var socket = listener.Address.SocketAddress;
        var address = socket.Address.Contains(':') ? $"[{socket.Address}]" : socket.Address;
        if (!listener.Name.EndsWith($"/{address}:{socket.PortValue}", StringComparison.Ordinal))
        {
            faults.Add($"{listener.Name} has another address.");
        }

        CheckFilters(listener.Name, server, HttpRbac.RBAC.Descriptor.FullName, faults);
        if (chain.TransportSocket is { } tls)
        {
            Check(listener.Name, tls.TypedConfig.Unpack<DownstreamTlsContext>().CommonTlsContext, faults);
        }
    }

    /// <summary>The router comes last and only there; before it only one kind, each with its own name.</summary>
    private static void CheckFilters(string name, HttpConnectionManager manager, string allowed, List<string> faults)
    {
        var types = manager.HttpFilters.Select(f => f.TypedConfig.TypeUrl.Split('/')[^1]).ToList();
        if (types.LastOrDefault() != Router.Descriptor.FullName || types.SkipLast(1).Any(type => type != allowed))
        {
            faults.Add($"{name} has the filters {string.Join(", ", types)}.");
        }

        if (manager.HttpFilters.DistinctBy(f => f.Name).Count() != types.Count)
        {
            faults.Add($"{name} names a filter twice.");
        }
    }

    private static void Check(RouteConfiguration table, List<string> faults)
    {
        RouteCheck.Check(table, faults);
        foreach (var host in table.VirtualHosts)
        {
            if (!RouteMatchTranslator.TakesEverything(host.Routes[^1].Match))
            {
                faults.Add($"{host.Name} has no last route.");
            }

            foreach (var route in host.Routes) Check($"{host.Name}/{route.Name}", route, faults);
        }
    }

    private static void Check(string where, Route route, List<string> faults)
    {
        if (route.Route_ is not { } action)
        {
            faults.Add($"{where} does not forward.");
            return;
        }

        if (route.Match.QueryParameters.Count > 0) faults.Add($"{where} asks for a query.");
        if (route.Match.Headers.Any(h =>
            h.StringMatch is not null || h.HasContainsMatch || h.TreatMissingHeaderAsEmpty))
        {
            faults.Add($"{where} asks for a header in a form that not all know.");
        }

        if (action.RetryPolicy is { NumRetries: null or 0 }) faults.Add($"{where} retries without retrying.");
    }

    private static void Check(Cluster cluster, List<string> faults)
    {
        if (cluster.Type is not Cluster.Types.DiscoveryType.Eds || cluster.EdsClusterConfig.EdsConfig.Ads is null)
        {
            faults.Add($"{cluster.Name} does not have its endpoints from EDS.");
        }

        if (cluster.LbPolicy is not (Cluster.Types.LbPolicy.RoundRobin or Cluster.Types.LbPolicy.RingHash))
        {
            faults.Add($"{cluster.Name} balances by {cluster.LbPolicy}.");
        }

        if (cluster.HealthChecks.Count > 0) faults.Add($"{cluster.Name} has health checks.");
        if (cluster.TransportSocketMatches.Count > 0) faults.Add($"{cluster.Name} leaves TLS to the endpoints.");
        if (cluster.TransportSocket is { } tls)
        {
            Check(cluster.Name, tls.TypedConfig.Unpack<UpstreamTlsContext>().CommonTlsContext, faults);
        }
    }

    private static void Check(string name, CommonTlsContext tls, List<string> faults)
    {
        if (tls.TlsParams is not null
            || tls.TlsCertificateSdsSecretConfigs.Count > 0
            || tls.TlsCertificateProviderInstance is null
            || tls.ValidationContext?.CaCertificateProviderInstance is null)
        {
            faults.Add($"{name} does not have its certificates from the program's own providers alone.");
        }
    }
}
