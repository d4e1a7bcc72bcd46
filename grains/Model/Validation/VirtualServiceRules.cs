using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of VirtualService. One without hosts is a delegate: its routes are reached from another's.</summary>
internal static class VirtualServiceRules
{
    public static void Check(VirtualService service, string ns, FieldPath spec, RuleReport report)
    {
        var isDelegate = service.Hosts.IsEmpty;
        if (isDelegate) CheckDelegate(service, spec, report);
        else CheckHosts(service, spec.At("hosts"), report);

        CheckGateways(service.Gateways, spec.At("gateways"), report);
        if (service.Http.IsEmpty && service.Tls.IsEmpty && service.Tcp.IsEmpty)
        {
            report.Error(spec, "http, tcp or tls must be provided in virtual service");
        }

        foreach (var (i, route) in service.Http.Index())
        {
            HttpRouteRules.Check(route, isDelegate, ReachesGateway(service, isDelegate), spec.At("http").At(i), report);
        }

        L4RouteRules.CheckTls(service, spec.At("tls"), report);
        L4RouteRules.CheckTcp(service, spec.At("tcp"), report);
        HostRules.CheckExportTo(service.ExportTo, ns, spec.At("exportTo"), report);
    }

    public static void CheckGateways(ImmutableArray<string> gateways, FieldPath path, RuleReport report)
    {
        foreach (var (i, gateway) in gateways.Index())
        {
            var parts = gateway.Split('/');
            if (parts.Length > 2 || parts.Any(part => !HostRules.IsHost(part)))
            {
                report.Error(path.At(i), $"invalid value for gateway name: \"{gateway}\"");
            }
        }
    }

    private static bool ReachesGateway(VirtualService service, bool isDelegate) =>
        isDelegate || service.IsForGateways;

    private static void CheckDelegate(VirtualService service, FieldPath spec, RuleReport report)
    {
        report.ErrorIf(
            !service.Gateways.IsEmpty, spec.At("gateways"), "delegate virtual service must have no gateways specified");
        report.ErrorIf(
            !service.Tls.IsEmpty,
            spec.At("tls"),
            "delegate virtual service must have no tls route specified");
        report.ErrorIf(
            !service.Tcp.IsEmpty,
            spec.At("tcp"),
            "delegate virtual service must have no tcp route specified");
    }

    private static void CheckHosts(VirtualService service, FieldPath path, RuleReport report)
    {
        foreach (var (i, host) in service.Hosts.Index())
        {
            if (!ValueRules.IsAddress(host)) HostRules.CheckWildcard(host, path.At(i), report);
            if (host == "*" && service.IsForSidecars)
            {
                report.Error(
                    path.At(i),
                    "wildcard host * is not allowed for virtual services bound to the mesh gateway");
            }

            if (service.Hosts.Take(i).Any(other => HostName.Matches(other, host) || HostName.Matches(host, other)))
            {
                report.Error(path.At(i), $"duplicate hosts in virtual service: {host}");
            }
        }
    }
}
