using MeshOrleans.Grains.Identity;
using MeshOrleans.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Grains;

/// <summary>What the grains need of their host.</summary>
public static class MeshGrains
{
    /// <summary>
    /// Registers the options of the grains, the clock and chance. The host adds an <c>ISnapshotStore</c>, an
    /// <c>IRevisionStore</c>, an <see cref="IAuthorityKeyStore"/>, grain storage <see cref="StorageNames.Mesh"/> and
    /// reminders, and an <see cref="IPluggedAuthority"/> where there is one.
    /// </summary>
    public static IServiceCollection AddMeshGrains(this IServiceCollection services)
    {
        services.AddOptions<MeshOptions>().BindConfiguration(MeshOptions.Section).ValidateOnStart();
        services.AddOptions<AuthorityOptions>().BindConfiguration(AuthorityOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MeshOptions>, MeshOptionsValidator>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<AuthorityOptions>, AuthorityOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRandomSource>(SharedRandomSource.Instance);
        services.TryAddSingleton<IPluggedAuthority, NoPluggedAuthority>();
        services.TryAddSingleton(provider => new IssueParts(
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IRandomSource>(),
            provider.GetRequiredService<IOptions<AuthorityOptions>>()));
        services.TryAddSingleton(provider => new AuthorityParts(
            provider.GetRequiredService<IAuthorityKeyStore>(),
            provider.GetRequiredService<IPluggedAuthority>(),
            provider.GetRequiredService<IOptions<MeshOptions>>(),
            provider.GetRequiredService<IOptions<AuthorityOptions>>()));
        return services;
    }
}
