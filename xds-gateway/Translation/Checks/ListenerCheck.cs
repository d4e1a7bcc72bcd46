using MeshOrleans.Xds.Protocol.ExtAuthz;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.Router;
using MeshOrleans.Xds.Protocol.TcpProxy;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;
using NetworkRbac = MeshOrleans.Xds.Protocol.NetworkRbac;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>Checks listeners: their chains, and that what they name exists.</summary>
internal static class ListenerCheck
{
    public static void Check(
        List<Listener> listeners, List<RouteConfiguration> tables, HashSet<string> clusters, List<string> faults)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (var listener in listeners)
        {
            if (listener.FilterChains.Count == 0 && listener.DefaultFilterChain is null)
            {
                faults.Add($"{listener.Name} has no filter chain.");
            }

            if (listener.Address.SocketAddress.PortValue > 65535) faults.Add($"{listener.Name}: port out of range.");
            var matches = new HashSet<FilterChainMatch>();
            foreach (var chain in listener.FilterChains)
            {
                if (!matches.Add(chain.FilterChainMatch ?? new()))
                {
                    faults.Add($"{listener.Name}: two chains match alike.");
                }

                Check(listener.Name, chain, asked, clusters, faults);
            }

            if (listener.DefaultFilterChain is { } last) Check(listener.Name, last, asked, clusters, faults);
        }

        var given = tables.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in asked.Except(given)) faults.Add($"A listener waits for routes {name} that do not exist.");
        foreach (var name in given.Except(asked)) faults.Add($"Nobody asks for routes {name}.");
    }

    private static void Check(
        string listener, FilterChain chain, HashSet<string> asked, HashSet<string> clusters, List<string> faults)
    {
        if (chain.Filters.Count == 0) faults.Add($"{listener}: a chain has no filter.");
        foreach (var filter in chain.Filters)
        {
            if (filter.TypedConfig.TryUnpack<HttpConnectionManager>(out var manager))
            {
                Check(listener, manager, asked, clusters, faults);
            }
            else if (filter.TypedConfig.TryUnpack<TcpProxy>(out var tcp))
            {
                if (tcp.StatPrefix.Length == 0) faults.Add($"{listener}: a TCP proxy has no stat prefix.");
                foreach (var name in ClustersOf(tcp).Where(n => !clusters.Contains(n)))
                {
                    faults.Add($"{listener} forwards to {name}, which does not exist.");
                }
            }
            else if (filter.TypedConfig.TryUnpack<NetworkRbac.RBAC>(out var rbac))
            {
                if (rbac.StatPrefix.Length == 0) faults.Add($"{listener}: an RBAC filter has no stat prefix.");
                CheckRules(listener, rbac.Rules, faults);
                CheckRules(listener, rbac.ShadowRules, faults);
            }
        }
    }

    private static IEnumerable<string> ClustersOf(TcpProxy tcp) =>
        tcp.ClusterSpecifierCase is TcpProxy.ClusterSpecifierOneofCase.WeightedClusters
            ? tcp.WeightedClusters.Clusters.Select(c => c.Name)
            : [tcp.Cluster];

    private static void Check(
        string listener,
        HttpConnectionManager manager,
        HashSet<string> asked,
        HashSet<string> clusters,
        List<string> faults)
    {
        if (manager.StatPrefix.Length == 0) faults.Add($"{listener}: no stat prefix.");
        if (manager.HttpFilters.LastOrDefault()?.TypedConfig.Is(Router.Descriptor) is not true)
        {
            faults.Add($"{listener}: the last filter is not the router.");
        }

        foreach (var filter in manager.HttpFilters)
        {
            if (filter.TypedConfig.TryUnpack<ExtAuthz>(out var authorizer)
                && (authorizer.GrpcService?.EnvoyGrpc.ClusterName ?? authorizer.HttpService?.ServerUri.Cluster) is var asks
                && (asks is null || !clusters.Contains(asks)))
            {
                faults.Add($"{listener} asks {asks}, which does not exist.");
            }

            if (!filter.TypedConfig.TryUnpack<HttpRbac.RBAC>(out var rbac)) continue;
            CheckRules(listener, rbac.Rules, faults);
            CheckRules(listener, rbac.ShadowRules, faults);
        }

        switch (manager.RouteSpecifierCase)
        {
            case HttpConnectionManager.RouteSpecifierOneofCase.Rds:
                asked.Add(manager.Rds.RouteConfigName);
                break;
            case HttpConnectionManager.RouteSpecifierOneofCase.RouteConfig:
                RouteCheck.Check(manager.RouteConfig, faults);
                foreach (var name in RouteCheck.ClustersOf(manager.RouteConfig).Where(n => !clusters.Contains(n)))
                {
                    faults.Add($"{listener} forwards to {name}, which does not exist.");
                }

                break;
            default:
                faults.Add($"{listener}: no routes.");
                break;
        }
    }

    private static void CheckRules(string listener, RBAC? rules, List<string> faults)
    {
        if (rules is null) return;
        foreach (var (name, policy) in rules.Policies)
        {
            if (policy.Permissions.Count == 0) faults.Add($"{listener}: {name} has no permission.");
            if (policy.Principals.Count == 0) faults.Add($"{listener}: {name} has no principal.");
            if (policy.Permissions.Any(HasEmptySet) || policy.Principals.Any(HasEmptySet))
            {
                faults.Add($"{listener}: {name} has an empty set.");
            }
        }
    }

    private static bool HasEmptySet(Permission permission) => permission.RuleCase switch
    {
        Permission.RuleOneofCase.AndRules => HasEmptySet(permission.AndRules),
        Permission.RuleOneofCase.OrRules => HasEmptySet(permission.OrRules),
        Permission.RuleOneofCase.NotRule => HasEmptySet(permission.NotRule),
        Permission.RuleOneofCase.None => true,
        _ => false,
    };

    private static bool HasEmptySet(Principal principal) => principal.IdentifierCase switch
    {
        Principal.IdentifierOneofCase.AndIds => HasEmptySet(principal.AndIds),
        Principal.IdentifierOneofCase.OrIds => HasEmptySet(principal.OrIds),
        Principal.IdentifierOneofCase.NotId => HasEmptySet(principal.NotId),
        Principal.IdentifierOneofCase.None => true,
        _ => false,
    };

    private static bool HasEmptySet(Permission.Types.Set set) => set.Rules.Count == 0 || set.Rules.Any(HasEmptySet);

    private static bool HasEmptySet(Principal.Types.Set set) => set.Ids.Count == 0 || set.Ids.Any(HasEmptySet);
}
