using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>What of a DestinationRule this version's sidecars cannot do.</summary>
internal static class DestinationRuleLimits
{
    public static void Check(DestinationRule rule, FieldPath spec, RuleReport report)
    {
        CheckPolicy(rule.TrafficPolicy, spec.At("trafficPolicy"), report);
        foreach (var (i, subset) in rule.Subsets.Index())
        {
            CheckPolicy(subset.TrafficPolicy, spec.At("subsets").At(i).At("trafficPolicy"), report);
        }
    }

    public static void CheckLocality(LocalityLoadBalancer? locality, FieldPath path, RuleReport report)
    {
        if (locality is null) return;
        if (!locality.Distribute.IsEmpty) report.NotActedOn(path.At("distribute"), "distribute");
        if (!locality.FailoverPriority.IsEmpty) report.NotActedOn(path.At("failoverPriority"), "failoverPriority");
    }

    private static void CheckPolicy(TrafficPolicy? policy, FieldPath path, RuleReport report)
    {
        if (policy is null) return;
        CheckBalancer(policy.LoadBalancer, path.At("loadBalancer"), report);
        CheckTls(policy.Tls, path.At("tls"), report);
        foreach (var (i, port) in policy.PortLevelSettings.Index())
        {
            var at = path.At("portLevelSettings").At(i);
            CheckBalancer(port.LoadBalancer, at.At("loadBalancer"), report);
            CheckTls(port.Tls, at.At("tls"), report);
        }

        if (policy.Tunnel is not null) report.NotActedOn(path.At("tunnel"), "tunnel");
        if (policy.ProxyProtocol is not null) report.NotActedOn(path.At("proxyProtocol"), "proxyProtocol");
        if (policy.RetryBudget is { BudgetInterval: { } interval } && interval > TimeSpan.Zero)
        {
            report.NotActedOn(
                path.At("retryBudget").At("budgetInterval"), "budgetInterval (the requests in flight are counted)");
        }
    }

    private static void CheckBalancer(LoadBalancer? balancer, FieldPath path, RuleReport report)
    {
        if (balancer is null) return;
        if (balancer.ConsistentHash is not null)
        {
            report.Unsupported(
                path.At("consistentHash"), "consistentHash", "leave it out or use simple: ROUND_ROBIN");
        }

        CheckLocality(balancer.LocalityLbSetting, path.At("localityLbSetting"), report);
        if (balancer.Warmup is not null) report.NotActedOn(path.At("warmup"), "warmup");
    }

    /// <summary>A sidecar takes certificates by SDS only, and only its own: none from files or secrets.</summary>
    private static void CheckTls(ClientTls? tls, FieldPath path, RuleReport report)
    {
        if (tls is not { Mode: ClientTlsMode.Simple or ClientTlsMode.Mutual }) return;
        if (tls.Mode is ClientTlsMode.Mutual)
        {
            report.Unsupported(
                path.At("mode"), "mode MUTUAL", "use ISTIO_MUTUAL within the mesh, or SIMPLE with the system's roots");
        }

        foreach (var (name, value) in new[]
        {
            ("caCertificates", tls.CaCertificates), ("caCrl", tls.CaCrl), ("credentialName", tls.CredentialName),
        })
        {
            if (value.Length == 0) continue;
            report.Unsupported(path.At(name), name, "leave it out to trust the system's roots");
        }

        foreach (var (i, name) in tls.SubjectAltNames.Index())
        {
            if (!name.Contains("://", StringComparison.Ordinal)) continue;
            report.Unsupported(
                path.At("subjectAltNames").At(i), "a URI outside of ISTIO_MUTUAL", "name hosts, or use ISTIO_MUTUAL");
        }
    }
}
