using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// DestinationRules of nobody, subsets of nobody, and TLS that trusts whomever the system trusts (IST0174, IST0173, IST0128,
/// IST0129).
/// </summary>
internal static class DestinationRuleAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var spec = FieldPath.Root.At("spec");
        foreach (var (resource, rule) in subject.Of<DestinationRule>())
        {
            var host = HostName.Resolve(rule.Host, resource.Key.Namespace);
            var services = ServicesOf(subject, host, resource.Key.Namespace);
            if (services.Count == 0)
            {
                report.Add(
                    AnalysisCode.UnknownDestinationRuleHost,
                    resource,
                    spec.At("host"),
                    $"there is no service {host}: the rule has no effect");
            }
            else if (subject.KnowsMembers)
            {
                AnalyzeSubsets(subject, report, resource, rule, services);
            }

            AnalyzeTls(report, resource, rule.TrafficPolicy, spec.At("trafficPolicy"));
            foreach (var (i, subset) in rule.Subsets.Index())
            {
                AnalyzeTls(report, resource, subset.TrafficPolicy, spec.At("subsets").At(i).At("trafficPolicy"));
            }
        }
    }

    private static List<Service> ServicesOf(AnalysisSubject subject, string host, string ns) =>
        host.StartsWith('*') ? [.. subject.Registry.VisibleTo(ns).Where(s => HostName.Matches(host, s.Host))]
        : subject.Registry.Find(host, ns) is { } one ? [one]
        : [];

    private static void AnalyzeSubsets(
        AnalysisSubject subject,
        AnalysisReport report,
        ConfigResource resource,
        DestinationRule rule,
        IReadOnlyCollection<Service> services)
    {
        foreach (var (i, subset) in rule.Subsets.Index())
        {
            if (subset.Labels.IsEmpty || services.Any(s => HasMember(subject, s, subset))) continue;
            report.Add(
                AnalysisCode.DestinationRuleSubsetNotSelectPods,
                resource,
                FieldPath.Root.At("spec").At("subsets").At(i),
                $"no member of {rule.Host} has the labels of subset {subset.Name}: "
                    + string.Join(",", subset.Labels.Select(l => $"{l.Key}={l.Value}")));
        }
    }

    private static bool HasMember(AnalysisSubject subject, Service service, Subset subset) =>
        service.Ports.SelectMany(p => subject.Registry.Endpoints(service, p))
            .Any(e => LabelSelector.Matches(subset.Labels, e.Workload.Labels))
        || (service.Selector is { } selector && subject.LabelsIn(service.Namespace).Any(labels =>
            LabelSelector.Matches(selector, labels) && LabelSelector.Matches(subset.Labels, labels)));

    private static void AnalyzeTls(
        AnalysisReport report, ConfigResource resource, TrafficPolicy? policy, FieldPath path)
    {
        if (policy is null) return;
        if (TrustsTheSystem(policy.Tls))
        {
            Add(AnalysisCode.NoServerCertificateVerificationDestinationLevel, path.At("tls"));
        }

        foreach (var (i, port) in policy.PortLevelSettings.Index())
        {
            if (!TrustsTheSystem(port.Tls)) continue;
            Add(
                AnalysisCode.NoServerCertificateVerificationPortLevel,
                path.At("portLevelSettings").At(i).At("tls"));
        }

        void Add(AnalysisCode code, FieldPath at) => report.Add(
            code,
            resource,
            at,
            "no caCertificates are named: every authority that the client's system trusts may vouch for the server");
    }

    private static bool TrustsTheSystem(ClientTls? tls) =>
        tls is { Mode: ClientTlsMode.Simple or ClientTlsMode.Mutual, CaCertificates: "", CredentialName: "" };
}
