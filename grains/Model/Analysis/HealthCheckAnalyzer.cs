using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>HealthChecks that are never made (MSH2005, MSH2006).</summary>
internal static class HealthCheckAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var all = subject.Of<HealthCheck>().ToLookup(
            c => (c.Resource.Key.Namespace, Host: HostName.Resolve(c.Spec.Host, c.Resource.Key.Namespace)));
        foreach (var checks in all)
        {
            var service = subject.Registry.Find(checks.Key.Host, checks.Key.Namespace);
            foreach (var (resource, check) in checks) Judge(report, [.. checks], resource, check, service);
        }
    }

    private static void Judge(
        AnalysisReport report,
        (ConfigResource Resource, HealthCheck Spec)[] all,
        ConfigResource resource,
        HealthCheck check,
        Service? service)
    {
        var spec = FieldPath.Root.At("spec");
        if (service is null)
        {
            report.Add(
                AnalysisCode.HealthCheckWithoutEffect,
                resource,
                spec.At("host"),
                $"there is no service {HostName.Resolve(check.Host, resource.Key.Namespace)}: nobody is checked");
            return;
        }

        var ports = service.Ports.Where(port => HealthChecks.Fits(check, port)).ToList();
        if (ports.Count == 0)
        {
            report.Add(
                AnalysisCode.HealthCheckWithoutEffect,
                resource,
                check.Port is null ? spec : spec.At("port"),
                $"{service.Host} has no such port on which the check can be made: http needs a port of HTTP, grpc one "
                    + "of gRPC or HTTP/2");
            return;
        }

        var inForce = ports.Select(port => HealthChecks.InForce(all.Select(c => c.Spec), port)).ToList();
        if (inForce.Exists(winner => ReferenceEquals(winner, check))) return;
        var others = all.Where(c => inForce.Contains(c.Spec)).Select(c => c.Resource.Key.Name);
        report.Add(
            AnalysisCode.ShadowedHealthCheck,
            resource,
            spec.At("host"),
            $"is never made: {string.Join(", ", others)} counts for the same ports of {service.Host}; one that names "
                + "the port counts before one that does not, then the oldest");
    }
}
