using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>Gateways that are named, by routes or policies, and do not exist (IST0101).</summary>
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

        AnalyzeTargets<AuthorizationPolicy>(subject, report, policy => policy.TargetRefs);
        AnalyzeTargets<RequestAuthentication>(subject, report, policy => policy.TargetRefs);
    }

    /// <summary>A policy that is attached to a Gateway that there is not protects nothing.</summary>
    private static void AnalyzeTargets<TPolicy>(
        AnalysisSubject subject, AnalysisReport report, Func<TPolicy, ImmutableArray<PolicyTarget>> targetsOf)
        where TPolicy : ConfigSpec
    {
        foreach (var (resource, policy) in subject.Of<TPolicy>())
        {
            foreach (var (i, target) in targetsOf(policy).Index())
            {
                var ns = resource.Key.Namespace;
                if (!PolicyReach.CanReach(target) || subject.Places.FindGateway(ns, target.Name) is not null) continue;
                report.Add(
                    AnalysisCode.ReferencedResourceNotFound,
                    resource,
                    FieldPath.Root.At("spec").At("targetRefs").At(i),
                    $"the Gateway {ns}/{target.Name} does not exist: the policy is for nobody there");
            }
        }
    }
}
