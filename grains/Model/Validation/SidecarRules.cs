using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of Sidecar.</summary>
internal static class SidecarRules
{
    private const string EndpointForm =
        "sidecar: defaultEndpoint must be of form 127.0.0.1:<port>, 0.0.0.0:<port>, [::1]:<port>, [::]:<port>, unix://filepath or unset";

    public static void Check(Sidecar sidecar, string name, FieldPath spec, RuleReport report)
    {
        var isEmpty = sidecar is
        {
            WorkloadSelector: null, Ingress.IsEmpty: true, Egress.IsEmpty: true, InboundConnectionPool: null,
            OutboundTrafficPolicy: null,
        };
        report.ErrorIf(isEmpty && name != "default", spec, "sidecar: empty configuration provided");
        SelectorRules.CheckSelector(sidecar.WorkloadSelector, spec.At("workloadSelector"), "labels", report);
        foreach (var (i, ingress) in sidecar.Ingress.Index()) CheckIngress(ingress, spec.At("ingress").At(i), report);
        CheckEgress(sidecar, spec.At("egress"), report);
        ConnectionRules.CheckPool(sidecar.InboundConnectionPool, spec.At("inboundConnectionPool"), report);
        CheckOutbound(sidecar.OutboundTrafficPolicy, spec.At("outboundTrafficPolicy"), report);
    }

    private static void CheckIngress(SidecarIngress ingress, FieldPath path, RuleReport report)
    {
        if (ingress.Port is null) report.Error(path.At("port"), "sidecar: port is required for ingress listeners");
        else PortRules.Check(ingress.Port, path.At("port"), false, report);
        if (ingress.Bind.Length > 0 && !ValueRules.IsAddress(ingress.Bind))
        {
            report.Error(path.At("bind"), $"sidecar: \"{ingress.Bind}\" is not a valid IP address");
        }

        if (ingress.DefaultEndpoint.Length > 0 && !IsLocal(ingress.DefaultEndpoint))
        {
            report.Error(path.At("defaultEndpoint"), EndpointForm);
        }

        ConnectionRules.CheckPool(ingress.ConnectionPool, path.At("connectionPool"), report);
    }

    private static bool IsLocal(string endpoint)
    {
        if (endpoint.StartsWith(WorkloadRules.UnixScheme, StringComparison.Ordinal))
        {
            return endpoint.Length > WorkloadRules.UnixScheme.Length;
        }
        var colon = endpoint.LastIndexOf(':');
        return colon > 0
            && endpoint[..colon] is "127.0.0.1" or "0.0.0.0" or "[::1]" or "[::]"
            && int.TryParse(endpoint.AsSpan(colon + 1), out var port) && port is > 0 and <= ushort.MaxValue;
    }

    private static void CheckEgress(Sidecar sidecar, FieldPath path, RuleReport report)
    {
        foreach (var (i, egress) in sidecar.Egress.Index())
        {
            var at = path.At(i);
            if (egress.Port is { } port)
            {
                var isProxy = PortRules.Is(port, SidecarEgress.HttpProxy);
                PortRules.Check(isProxy ? port with { Protocol = "HTTP" } : port, at.At("port"), false, report);
            }
            else if (i < sidecar.Egress.Length - 1)
            {
                report.Error(
                    at,
                    "sidecar: the egress listener with empty port should be the last listener in the list");
            }

            report.ErrorIf(
                egress.Hosts.IsEmpty,
                at.At("hosts"),
                "sidecar: egress listener must contain at least one host");
            foreach (var (h, host) in egress.Hosts.Index()) CheckHost(host, at.At("hosts").At(h), report);
        }
    }

    private static void CheckHost(string host, FieldPath path, RuleReport report)
    {
        var parts = host.Split('/');
        if (parts is not [var ns, var name])
        {
            report.Error(path, "sidecar: host must be of form namespace/dnsName");
            return;
        }

        var excluded = ns.StartsWith('~') ? ns[1..] : ns; // ~ns/host takes a host away
        if (excluded is not ("" or "*" or ".") && !HostRules.IsHost(excluded))
        {
            report.Error(path, $"sidecar: invalid namespace \"{ns}\" in host {host}");
        }

        report.ErrorIf(ns.Length == 0, path, "sidecar: host must be of form namespace/dnsName");
        if (name != "*" && !name.Contains('.'))
        {
            report.Error(path, $"sidecar: short names (non FQDN) are not allowed: {host}");
        }
        else HostRules.CheckWildcard(name, path, report);
    }

    private static void CheckOutbound(OutboundTrafficPolicy? policy, FieldPath path, RuleReport report)
    {
        if (policy is null) return;
        report.ErrorIf(
            policy.Mode == OutboundTrafficMode.AllowAnyDynamicDns,
            path.At("mode"),
            "sidecar: ALLOW_ANY_DYNAMIC_DNS is only supported in MeshConfig");
        if (policy.EgressProxy is not { } proxy) return;
        report.ErrorIf(
            policy.Mode is not (null or OutboundTrafficMode.AllowAny),
            path.At("egressProxy"),
            "sidecar: egress_proxy must be set only with ALLOW_ANY outbound_traffic_policy mode");
        HostRules.CheckDestination(proxy, path.At("egressProxy"), report);
    }
}
