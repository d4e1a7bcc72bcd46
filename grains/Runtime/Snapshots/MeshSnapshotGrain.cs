using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using MeshOrleans.Model.Snapshots;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace MeshOrleans.Grains.Snapshots;

/// <remarks>
/// Publishing interleaves: a call only joins the batch that is being filled and waits for it. One writer at a time
/// takes the batch that has been filled meanwhile, so the cost of one save is shared by all who wait for it.
/// </remarks>
[KeepAlive]
internal sealed partial class MeshSnapshotGrain(
    ISnapshotStore store, TimeProvider clock, ILogger<MeshSnapshotGrain> logger) : Grain, IMeshSnapshotGrain
{
    // A follower's call that waits keeps the activation from ending, so none waits for long.
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(1);

    private SnapshotMachine _machine = null!;
    private TaskCompletionSource _changed = NewSignal();
    private Batch? _filling;
    private Task _writing = Task.CompletedTask;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var stored = await store.LoadAsync(Guid.NewGuid().ToString("N"), cancellationToken);
        _machine = new SnapshotMachine(stored);
        LogLoaded(stored.Rows.Length, stored.Number, stored.Epoch);
    }

    public Task<long> PublishAsync(ImmutableArray<SnapshotChange> changes, CancellationToken cancellationToken)
    {
        if (changes.IsDefaultOrEmpty) return Task.FromResult(_machine.Number);
        var batch = _filling ??= StartBatch();
        batch.Changes.AddRange(changes);
        return batch.Written.WaitAsync(cancellationToken);
    }

    public async IAsyncEnumerable<SnapshotBatch> FollowAsync(
        string epoch, long number, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // The follower's position is all that is kept of it: a slow one costs nothing and never misses a change.
        var at = new SnapshotVersion(epoch, number);
        if (at.Epoch == _machine.Epoch && at.Number > _machine.Number) await RequireNewestAsync(cancellationToken);
        while (true)
        {
            if (_machine.After(at) is { } batch)
            {
                at = new SnapshotVersion(batch.Epoch, batch.Number);
                yield return batch;
            }
            else
            {
                await _changed.Task.WaitAsync(_heartbeat, clock, cancellationToken).ConfigureAwait(
                    ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                if (_machine.After(at) is null) yield return new SnapshotBatch(at.Epoch, at.Number, IsFull: false, []);
            }
        }
    }

    // Whoever follows has seen more than this activation knows. Another one writes by now, and must not be contradicted; or
    // the store was put back to an earlier state, and then that is what is told.
    private async Task RequireNewestAsync(CancellationToken cancellationToken)
    {
        var stored = await store.ReadNumberAsync(cancellationToken);
        if (stored <= _machine.Number) return;
        DeactivateOnIdle();
        throw new InconsistentStateException(
            $"The snapshot is at {stored}, and this activation knows it up to {_machine.Number}.");
    }

    private Batch StartBatch()
    {
        var batch = new Batch();
        batch.Written = WriteAsync(batch, _writing);
        _writing = batch.Written;
        return batch;
    }

    private async Task<long> WriteAsync(Batch batch, Task previous)
    {
        await Task.Yield(); // calls that have already arrived join this batch
        await previous.ConfigureAwait(
            ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        _filling = null;
        if (_machine.Plan(batch.Changes) is not { } append) return _machine.Number;
        try
        {
            if (!await store.TryAppendAsync(append, CancellationToken.None))
            {
                throw new InconsistentStateException(
                    $"Somebody else has written to the snapshot store since change {append.PreviousNumber}.");
            }
        }
        catch (Exception exception)
        {
            LogAppendFailed(exception, append.PreviousNumber);
            this.ReloadAfter(exception, () => store.LoadAsync(_machine.Epoch, CancellationToken.None));
            throw;
        }

        _machine.Commit(append);
        var changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
        return append.Number;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "The mesh snapshot has {Rows} rows at {Number} of epoch {Epoch}.")]
    private partial void LogLoaded(int rows, long number, string epoch);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "Saving the changes after {Number} failed; whoever told them is told so.")]
    private partial void LogAppendFailed(Exception exception, long number);

    private sealed class Batch
    {
        public List<SnapshotChange> Changes { get; } = [];

        public Task<long> Written { get; set; } = null!;
    }
}
