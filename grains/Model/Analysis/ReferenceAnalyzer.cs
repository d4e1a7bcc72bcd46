using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>Gateways and delegates that are named and do not exist (IST0101).</summary>
internal static class ReferenceAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var spec = FieldPath.Root.At("spec");
        foreach (var (resource, service) in subject.Of<VirtualService>())
        {
            var ns = resource.Key.Namespace;
            foreach (var (index, key) in VirtualServices.GatewaysOf(service, ns))
            {
                Require(subject, report, resource, key, spec.At("gateways").At(index), "gateway");
            }

            foreach (var (index, rule) in service.Http.Index())
            {
                if (rule.Delegate is not { } child) continue;
                Require(
                    subject,
                    report,
                    resource,
                    new ConfigKey("VirtualService", child.Namespace.Length > 0 ? child.Namespace : ns, child.Name),
                    spec.At("http").At(index).At("delegate").At("name"),
                    "delegate");
            }
        }
    }

    private static void Require(
        AnalysisSubject subject,
        AnalysisReport report,
        ConfigResource resource,
        ConfigKey wanted,
        FieldPath path,
        string what)
    {
        if (subject.Find(wanted) is not null) return;
        report.Add(
            AnalysisCode.ReferencedResourceNotFound,
            resource,
            path,
            $"the {what} {wanted.Namespace}/{wanted.Name} does not exist");
    }
}
