using MeshOrleans.Proxy.Configuration;
using MeshOrleans.Proxy.Sidecar.Xds;

namespace MeshOrleans.Proxy.Sidecar.LastGood;

/// <summary>
/// Saves what was accepted, off the path of the stream; changes that come together are saved
/// together.
/// </summary>
internal sealed class LastGoodWriter(LastGoodFile file, ModelHolder models, TimeProvider clock)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);
    private readonly Signal _changed = new();
    private ResourceSet? _saved;

    /// <summary>
    /// Saves until it is cancelled, and once more then: the last change must not be lost with the
    /// process.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        models.Changed += _ => _changed.Set();
        try
        {
            while (true)
            {
                await _changed.WaitAsync(cancellationToken);
                await Task.Delay(Quiet, clock, cancellationToken);
                Save();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _saved = null; // again, for the time of the last confirmation
            Save();
        }
    }

    private void Save()
    {
        var (resources, status) = (models.Resources, models.Status);
        if (status.Source is not ConfigSource.ControlPlane
            || models.Model is null
            || ReferenceEquals(resources, _saved))
        {
            return;
        }

        var age = status.Age(clock.GetUtcNow()) ?? TimeSpan.Zero;
        file.Save(resources, clock.GetUtcNow() - age);
        _saved = resources;
    }
}
