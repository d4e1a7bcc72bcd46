using MeshOrleans.Multicluster.Workloads.Attesting;
using Microsoft.Extensions.DependencyInjection;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>What joining over REST needs of its host.</summary>
public static class WorkloadServices
{
    /// <summary>Registers tokens, onboarding and the ways to prove who one is; the host configures <see cref="OnboardingOptions"/>.</summary>
    public static IServiceCollection AddWorkloads(this IServiceCollection services) =>
        services
            .AddSingleton<JoinTokens>()
            .AddSingleton<WorkloadOnboarding>()
            .AddSingleton<Attestors>()
            .AddSingleton<IAttestor, JoinTokenAttestor>()
            .AddSingleton<IAttestor, CertificateAttestor>();
}
