using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>Gateways that are named and do not exist (IST0101).</summary>
internal static class ReferenceAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        foreach (var (resource, service) in subject.Of<VirtualService>())
        {
            foreach (var (index, key) in VirtualServices.GatewaysOf(service, resource.Key.Namespace))
            {
                if (subject.Find(key) is not null) continue;
                report.Add(
                    AnalysisCode.ReferencedResourceNotFound,
                    resource,
                    FieldPath.Root.At("spec").At("gateways").At(index),
                    $"the gateway {key.Namespace}/{key.Name} does not exist");
            }
        }
    }
}
