using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Timers;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Hosts grains in this process.</summary>
public static class EmbeddedGrainExtensions
{
    /// <summary>
    /// Registers <see cref="IGrainFactory"/> and the hosted service that runs the grains. State and reminders are kept
    /// in memory unless another <see cref="IGrainStateStore"/> and <see cref="IReminderStore"/> are registered, before
    /// or after.
    /// </summary>
    public static IServiceCollection AddEmbeddedGrains(
        this IServiceCollection services, Action<EmbeddedGrainOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new EmbeddedGrainOptions();
        configure(options);
        options.Validate();

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IGrainStateStore, MemoryGrainStateStore>();
        services.TryAddSingleton<IReminderStore, MemoryReminderStore>();
        services.AddLogging();
        services.AddSingleton(options);
        services.AddSingleton<GrainClassCatalog>();
        services.AddSingleton<ActivationCatalog>();
        services.AddSingleton<GrainFactory>();
        services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<GrainFactory>());
        services.AddSingleton<ITimerRegistry, TimerRegistry>();
        services.AddSingleton<ReminderService>();
        services.AddSingleton<IReminderRegistry>(provider => provider.GetRequiredService<ReminderService>());
        services.AddHostedService<EmbeddedGrainHost>();
        return services;
    }
}
