using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>CUSTOM policies for which nobody can be asked, so that what they match is refused (MSH2020).</summary>
internal static class AuthorizerAnalyzer
{
    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var policies = subject.Of<AuthorizationPolicy>()
            .Where(p => p.Spec.Action is AuthorizationAction.Custom)
            .ToList();
        if (policies.Count == 0) return;
        var providers = subject.Of<MeshConfig>().SelectMany(m => m.Spec.ExtensionProviders)
            .DistinctBy(p => p.Name)
            .ToDictionary(p => p.Name, StringComparer.Ordinal);
        foreach (var (resource, policy) in policies)
        {
            var name = policy.Provider ?? "";
            var problem = providers.TryGetValue(name, out var provider)
                ? ProblemOf(subject, provider)
                : $"the MeshConfig has no extension provider {name}";
            if (problem.Length > 0) Add(report, resource, problem);
            else if (provider is not null) AnalyzeServed(subject, report, resource, policy, provider);
        }

        AnalyzeChoice(subject, report, policies);
    }

    private static string ProblemOf(AnalysisSubject subject, ExtensionProvider provider)
    {
        if (provider.Authorizer is not { Port: { } port } authorizer) return "";
        var (service, problem) = ProviderService.Find(subject.Registry, authorizer.Service, subject.RootNamespace);
        return service is null ? $"{problem} (provider {provider.Name})"
            : service.FindPort(port) is null ? $"the service {service.Host} of provider {provider.Name} has no port {port}"
            : "";
    }

    /// <summary>Policies that would have the authorizer asked about its own questions.</summary>
    private static void AnalyzeServed(
        AnalysisSubject subject,
        AnalysisReport report,
        ConfigResource resource,
        AuthorizationPolicy policy,
        ExtensionProvider provider)
    {
        if (provider.Authorizer is not { } authorizer) return;
        if (ProviderService.Find(subject.Registry, authorizer.Service, subject.RootNamespace).Service is not { } service) return;
        foreach (var member in subject.AllMembers)
        {
            if (!ProviderService.IsServedBy(service, member.Namespace, member.Labels)) continue;
            if (!IsFor(resource.Key.Namespace, policy, member, subject.RootNamespace)) continue;
            report.Add(
                AnalysisCode.AuthorizerServesItself,
                resource,
                FieldPath.Root.At("spec").At("provider"),
                $"workloads of {service.Host} serve provider {provider.Name} themselves: it is not asked about requests to them");
            return;
        }
    }

    /// <summary>Policies of which another names another provider for the same workload.</summary>
    private static void AnalyzeChoice(
        AnalysisSubject subject,
        AnalysisReport report,
        List<(ConfigResource Resource, AuthorizationPolicy Spec)> policies)
    {
        foreach (var member in subject.AllMembers)
        {
            var here = policies.Where(p => IsFor(p.Resource.Key.Namespace, p.Spec, member, subject.RootNamespace)).ToList();
            var names = here.Select(p => p.Spec.Provider).Distinct(StringComparer.Ordinal).ToList();
            if (names.Count < 2) continue;
            foreach (var (resource, _) in here)
            {
                Add(report, resource, $"policies for one workload of {member.Namespace} name several providers: {string.Join(", ", names.Order(StringComparer.Ordinal))}");
            }
        }
    }

    private static void Add(AnalysisReport report, ConfigResource resource, string problem) => report.Add(
        AnalysisCode.AuthorizerMissing,
        resource,
        FieldPath.Root.At("spec").At("provider"),
        $"{problem}: nobody can be asked, and what the policy matches is refused");

    private static bool IsFor(
        string ns,
        AuthorizationPolicy policy,
        (string Namespace, ImmutableSortedDictionary<string, string> Labels) member,
        string rootNamespace) =>
        (ns == member.Namespace || ns == rootNamespace)
        && PolicyReach.ExclusionOf(policy.Selector, policy.TargetRefs, ns, member.Namespace, member.Labels) is null;
}
