using MeshOrleans.Grains;
using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Benchmarks.Load;

/// <summary>Follows the mesh snapshot several times over, as gateways do, and notes what arrives when.</summary>
internal sealed class SnapshotFollowers : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ChangeLedger _ledger;
    private readonly TimeProvider _clock;
    private readonly TaskCompletionSource[] _begun;
    private readonly Task[] _loops;

    private SnapshotFollowers(IGrainFactory grains, ChangeLedger ledger, TimeProvider clock, int count)
    {
        (_ledger, _clock) = (ledger, clock);
        _begun = [.. Enumerable.Range(0, count).Select(_ => new TaskCompletionSource())];
        var snapshot = grains.GetGrain<IMeshSnapshotGrain>(MeshKeys.Default);
        _loops = [.. Enumerable.Range(0, count).Select(i => FollowAsync(snapshot, i, _stop.Token))];
    }

    /// <summary>Starts them and waits until each has the whole snapshot.</summary>
    public static async Task<SnapshotFollowers> StartAsync(
        IGrainFactory grains, ChangeLedger ledger, TimeProvider clock, int count, CancellationToken cancellationToken)
    {
        var followers = new SnapshotFollowers(grains, ledger, clock, count);
        try
        {
            var all = Task.WhenAll(followers._begun.Select(b => b.Task));
            await (await Task.WhenAny([all, .. followers._loops])).WaitAsync(cancellationToken);
            await all.WaitAsync(TimeSpan.FromSeconds(30), clock, cancellationToken);
            return followers;
        }
        catch
        {
            await followers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task FollowAsync(IMeshSnapshotGrain snapshot, int follower, CancellationToken cancellationToken)
    {
        await foreach (var batch in snapshot.FollowAsync("", 0, cancellationToken))
        {
            var at = _clock.GetTimestamp();
            foreach (var change in batch.Changes)
            {
                if (change.Payload is { } payload) _ledger.Arrive(follower, payload, at);
            }

            _begun[follower].TrySetResult();
        }
    }
}
