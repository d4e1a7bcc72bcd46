using System.Collections.Immutable;

namespace MeshOrleans.Grains.Snapshots;

/// <summary>Tells the snapshot; the same call whether it goes straight there or together with others.</summary>
/// <returns>The snapshot version that holds all of the changes.</returns>
internal delegate Task<long> PublishChanges(ImmutableArray<SnapshotChange> changes, CancellationToken cancellationToken);

/// <summary>
/// What the owners of one silo tell the snapshot at the same instant goes there as one call. Their states are saved in
/// batches, so they come in bursts, and a call between silos costs far more than what it carries.
/// </summary>
/// <remarks>
/// Nobody waits for company: a call leaves as soon as the work that was queued before it has run, and any number are
/// under way. Each owner still waits for the call that has its changes, so its own changes stay in order.
/// </remarks>
internal sealed class SnapshotPublisher(PublishChanges send, TaskScheduler scheduler)
{
    private readonly Lock _lock = new();
    private ImmutableArray<SnapshotChange>.Builder? _filling;
    private Task<long> _sent = Task.FromResult(0L);

    /// <summary>Joins the call that is about to leave.</summary>
    public Task<long> PublishAsync(ImmutableArray<SnapshotChange> changes, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_filling is null)
            {
                _filling = ImmutableArray.CreateBuilder<SnapshotChange>();
                _sent = Task.Factory
                    .StartNew(SendAsync, CancellationToken.None, TaskCreationOptions.PreferFairness, scheduler)
                    .Unwrap();
            }

            _filling.AddRange(changes);
            return _sent.WaitAsync(cancellationToken);
        }
    }

    private Task<long> SendAsync()
    {
        ImmutableArray<SnapshotChange> changes;
        lock (_lock)
        {
            changes = _filling!.ToImmutable();
            _filling = null;
        }

        return send(changes, CancellationToken.None); // carried through for those who still wait
    }
}
