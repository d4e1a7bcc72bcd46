using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of the TLS and TCP routes of a VirtualService.</summary>
internal static class L4RouteRules
{
    public static void CheckTls(VirtualService service, FieldPath path, RuleReport report)
    {
        foreach (var (i, route) in service.Tls.Index())
        {
            var at = path.At(i);
            report.ErrorIf(route.Match.IsEmpty, at, "TLS route must have at least one match condition");
            foreach (var (m, match) in route.Match.Index())
            {
                CheckMatch(match, at.At("match").At(m), report);
                CheckSniHosts(service.Hosts, match, at.At("match").At(m).At("sniHosts"), report);
            }

            report.ErrorIf(route.Route.IsEmpty, at, "TLS route is required");
            CheckRoute(route.Route, at.At("route"), report);
        }
    }

    public static void CheckTcp(VirtualService service, FieldPath path, RuleReport report)
    {
        foreach (var (i, route) in service.Tcp.Index())
        {
            var at = path.At(i);
            foreach (var (m, match) in route.Match.Index())
            {
                CheckMatch(match, at.At("match").At(m), report);
                if (match.SourceSubnet.Length > 0 && !ValueRules.IsAddressOrBlock(match.SourceSubnet))
                {
                    report.Error(
                        at.At("match").At(m).At("sourceSubnet"),
                        $"{match.SourceSubnet} is not a valid CIDR block");
                }
            }

            report.ErrorIf(route.Route.IsEmpty, at, "TCP route is required");
            CheckRoute(route.Route, at.At("route"), report);
        }
    }

    /// <summary>Shares of several destinations: none negative, not all zero.</summary>
    public static void CheckWeights(ImmutableArray<int> weights, FieldPath path, RuleReport report)
    {
        foreach (var (i, weight) in weights.Index())
        {
            report.ErrorIf(weight < 0, path.At(i).At("weight"), $"weight {weight} < 0");
        }
        if (weights.Length > 1 && weights.All(weight => weight == 0))
        {
            report.Error(path, "total destination weight = 0");
        }
    }

    private static void CheckRoute(ImmutableArray<WeightedDestination> route, FieldPath path, RuleReport report)
    {
        foreach (var (i, target) in route.Index())
        {
            HostRules.CheckDestination(target.Destination, path.At(i).At("destination"), report);
        }

        CheckWeights([.. route.Select(target => target.Weight)], path, report);
    }

    private static void CheckSniHosts(ImmutableArray<string> hosts, L4Match match, FieldPath path, RuleReport report)
    {
        report.ErrorIf(match.SniHosts.IsEmpty, path, "TLS match must have at least one SNI host");
        foreach (var (i, sni) in match.SniHosts.Index())
        {
            HostRules.CheckWildcard(sni, path.At(i), report);
            if (!hosts.Any(host => HostName.Matches(host, sni)))
            {
                report.Error(path.At(i), $"SNI host \"{sni}\" is not a compatible subset of the virtual service hosts: "
                    + $"[{string.Join(", ", hosts)}]");
            }
        }
    }

    private static void CheckMatch(L4Match match, FieldPath path, RuleReport report)
    {
        ValueRules.CheckPort(match.Port, path.At("port"), report);
        SelectorRules.CheckLabels(match.SourceLabels, path.At("sourceLabels"), report);
        VirtualServiceRules.CheckGateways(match.Gateways, path.At("gateways"), report);
        foreach (var (i, subnet) in match.DestinationSubnets.Index())
        {
            if (!ValueRules.IsAddressOrBlock(subnet))
            {
                report.Error(path.At("destinationSubnets").At(i), $"{subnet} is not a valid CIDR block");
            }
        }
    }
}
