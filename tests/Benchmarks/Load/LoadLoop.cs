using MeshOrleans.Benchmarks.Subjects;

namespace MeshOrleans.Benchmarks.Load;

/// <summary>The two ways to ask for changes: as fast as they are acknowledged, or at a fixed rate.</summary>
internal sealed class LoadLoop(ISubject subject, ChangeLedger ledger, TimeProvider clock)
{
    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _mostBehind = TimeSpan.FromSeconds(1);

    private int _underWay;

    /// <summary>Each caller waits for its change before it asks for the next.</summary>
    public Task RunClosedAsync(int callers, TimeSpan duration, CancellationToken cancellationToken)
    {
        callers = Math.Min(callers, subject.Slots);
        var begin = clock.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(0, callers).Select(CallAsync));

        async Task CallAsync(int caller)
        {
            for (var slot = caller; clock.GetElapsedTime(begin) < duration; slot = Next(slot))
            {
                var at = slot;
                await ledger.MakeAsync(
                    clock.GetTimestamp(), c => subject.ChangeAsync(at, c, cancellationToken), cancellationToken);
            }
        }

        int Next(int slot) => slot + callers < subject.Slots ? slot + callers : slot % callers;
    }

    /// <summary>
    /// Asks at a fixed rate, whatever comes back. A change counts from when it was due, so that a slow answer is not
    /// hidden by asking later; what would be more than a second's worth under way is not asked for at all.
    /// </summary>
    public async Task RunOpenAsync(int perSecond, TimeSpan duration, CancellationToken cancellationToken)
    {
        var calls = new List<Task>();
        var begin = clock.GetTimestamp();
        var perChange = (double)clock.TimestampFrequency / perSecond;
        var most = (int)(perSecond * _mostBehind.TotalSeconds);
        for (long due = 0; clock.GetElapsedTime(begin) < duration; await Task.Delay(_tick, clock, cancellationToken))
        {
            for (var now = clock.GetTimestamp(); begin + (long)(due * perChange) <= now; due++)
            {
                if (Volatile.Read(ref _underWay) >= most) continue;
                calls.Add(CallAsync(begin + (long)(due * perChange), (int)(due % subject.Slots), cancellationToken));
            }

            calls.RemoveAll(c => c.IsCompletedSuccessfully);
        }

        await Task.WhenAll(calls);
    }

    private async Task CallAsync(long dueAt, int slot, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _underWay);
        try
        {
            await ledger.MakeAsync(dueAt, c => subject.ChangeAsync(slot, c, cancellationToken), cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
