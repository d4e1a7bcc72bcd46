using Microsoft.Extensions.Hosting;

namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// Starts and ends everything that runs by itself: the idle collector, the reminders, the activations.
/// </summary>
internal sealed class EmbeddedGrainHost(ActivationCatalog catalog, ReminderService reminders) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        catalog.StartCollector();
        await reminders.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        reminders.Stop();
        await catalog.StopAsync(cancellationToken);
    }
}
