using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Multicluster.Workloads.Members;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>What joining needs of its host.</summary>
public static class WorkloadServices
{
    /// <summary>
    /// Registers tokens, onboarding and the ways to prove who one is, once; the host configures
    /// <see cref="OnboardingOptions"/>.
    /// </summary>
    public static IServiceCollection AddWorkloads(this IServiceCollection services)
    {
        services.TryAddSingleton<JoinTokens>();
        services.TryAddSingleton<WorkloadOnboarding>();
        services.TryAddSingleton<Attestors>();
        services.TryAddSingleton<CertificateIssuer>();
        services.TryAddSingleton<IMemberRules, AnyMember>();
        services.TryAddSingleton<MemberAdmission>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAttestor, JoinTokenAttestor>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAttestor, CertificateAttestor>());
        return services;
    }
}
