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

    private static void CheckPolicy(TrafficPolicy? policy, FieldPath path, RuleReport report)
    {
        if (policy is null) return;
        CheckTls(policy.Tls, path.At("tls"), report);
        foreach (var (i, port) in policy.PortLevelSettings.Index())
        {
            var at = path.At("portLevelSettings").At(i);
            CheckTls(port.Tls, at.At("tls"), report);
        }

        if (policy.RetryBudget is { BudgetInterval: { } interval } && interval > TimeSpan.Zero)
        {
            report.NotActedOn(
                path.At("retryBudget").At("budgetInterval"), "budgetInterval (the requests in flight are counted)");
        }
    }

    /// <summary>A sidecar takes certificates and roots from files of its own machine.</summary>
    private static void CheckTls(ClientTls? tls, FieldPath path, RuleReport report)
    {
        if (tls is not { Mode: ClientTlsMode.Simple or ClientTlsMode.Mutual }) return;
        foreach (var (name, file) in new[]
        {
            ("clientCertificate", tls.ClientCertificate), ("privateKey", tls.PrivateKey),
            ("caCertificates", tls.CaCertificates), ("caCrl", tls.CaCrl),
        })
        {
            if (file.Length == 0 || file.StartsWith('/') || TlsRules.IsContent(file)) continue;
            report.Unsupported(path.At(name), $"the relative file name \"{file}\"", "begin it with a slash");
        }
    }
}
