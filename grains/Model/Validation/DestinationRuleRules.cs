using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of DestinationRule.</summary>
internal static class DestinationRuleRules
{
    public static void Check(DestinationRule rule, string ns, FieldPath spec, RuleReport report)
    {
        if (!ValueRules.IsAddress(rule.Host)) HostRules.CheckWildcard(rule.Host, spec.At("host"), report);
        CheckPolicy(rule.TrafficPolicy, spec.At("trafficPolicy"), report);
        CheckSubsets(rule, spec.At("subsets"), report);
        HostRules.CheckExportTo(rule.ExportTo, ns, spec.At("exportTo"), report);
        SelectorRules.CheckSelector(rule.WorkloadSelector, spec.At("workloadSelector"), "matchLabels", report);
        if (rule.WorkloadSelector is not null && rule.ExportTo.Any(target => target != "." && target != ns))
        {
            report.Error(
                spec.At("exportTo"), "destination rule with workload selector cannot have exportTo beyond current namespace");
        }
    }

    private static void CheckSubsets(DestinationRule rule, FieldPath path, RuleReport report)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, subset) in rule.Subsets.Index())
        {
            HostRules.CheckSubsetName(subset.Name, path.At(i).At("name"), report);
            report.ErrorIf(!names.Add(subset.Name), path.At(i).At("name"), $"duplicate subset names: {subset.Name}");
            SelectorRules.CheckLabels(subset.Labels, path.At(i).At("labels"), report);
            CheckPolicy(subset.TrafficPolicy, path.At(i).At("trafficPolicy"), report);
        }
    }

    private static void CheckPolicy(TrafficPolicy? policy, FieldPath path, RuleReport report)
    {
        if (policy is null) return;
        if (policy is
            {
                LoadBalancer: null, ConnectionPool: null, OutlierDetection: null, Tls: null, PortLevelSettings.IsEmpty: true,
                Tunnel: null, ProxyProtocol: null, RetryBudget: null,
            })
        {
            report.Error(path, "traffic policy must have at least one field");
        }

        LoadBalancerRules.Check(policy.LoadBalancer, path.At("loadBalancer"), report);
        ConnectionRules.CheckPool(policy.ConnectionPool, path.At("connectionPool"), report);
        ConnectionRules.CheckOutlier(policy.OutlierDetection, path.At("outlierDetection"), report);
        TlsRules.CheckClient(policy.Tls, path.At("tls"), report);
        CheckPorts(policy, path.At("portLevelSettings"), report);
        CheckTunnel(policy.Tunnel, path.At("tunnel"), report);
        ConnectionRules.CheckRetryBudget(policy.RetryBudget, path.At("retryBudget"), report);
    }

    private static void CheckPorts(TrafficPolicy policy, FieldPath path, RuleReport report)
    {
        foreach (var (i, port) in policy.PortLevelSettings.Index())
        {
            var at = path.At(i);
            if (port.Port is null || port.Port.Number is < 1 or > ushort.MaxValue)
            {
                report.Error(at.At("port"), "portTrafficPolicy must have valid port");
            }

            if (port is { LoadBalancer: null, ConnectionPool: null, OutlierDetection: null, Tls: null })
            {
                report.Error(at, "port traffic policy must have at least one field");
            }

            LoadBalancerRules.Check(port.LoadBalancer, at.At("loadBalancer"), report);
            ConnectionRules.CheckPool(port.ConnectionPool, at.At("connectionPool"), report);
            ConnectionRules.CheckOutlier(port.OutlierDetection, at.At("outlierDetection"), report);
            TlsRules.CheckClient(port.Tls, at.At("tls"), report);
        }
    }

    private static void CheckTunnel(TunnelSettings? tunnel, FieldPath path, RuleReport report)
    {
        if (tunnel is null) return;
        if (tunnel.Protocol is not ("" or "CONNECT" or "POST"))
        {
            report.Error(path.At("protocol"), "tunnel protocol must be \"CONNECT\" or \"POST\"");
        }

        HostRules.Check(tunnel.TargetHost, path.At("targetHost"), report);
        ValueRules.CheckPort(tunnel.TargetPort, path.At("targetPort"), report);
    }
}
