using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway.Streams;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class SignalTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly Signal _signal = new();

    [Fact]
    public async Task Signals_before_a_wait_are_kept_as_one()
    {
        _signal.Set();
        _signal.SetInline();

        Assert.True(await WaitAsync(1));
        var second = WaitAsync(1);
        Assert.False(second.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await second);
    }

    [Fact]
    public async Task A_wait_ends_by_a_signal_and_leaves_no_timer_behind()
    {
        var wait = WaitAsync(1);
        Assert.Equal(1, _clock.PendingTimers);
        _signal.Set();

        Assert.True(await wait);
        Assert.Equal(0, _clock.PendingTimers);
    }

    [Fact]
    public async Task No_time_is_no_wait_and_too_much_is_one()
    {
        var none = WaitAsync(0);
        _clock.Advance(TimeSpan.Zero);
        Assert.False(await none);

        var endless = _signal.WaitAsync(TimeSpan.FromDays(100), _clock, CancellationToken.None);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.False(endless.IsCompleted);
        _signal.Set();
        Assert.True(await endless);
    }

    [Fact]
    public void The_waiter_goes_on_inside_of_an_inline_signal()
    {
        var thread = 0;
        var wait = _signal.WaitAsync(TimeSpan.FromSeconds(1), _clock, CancellationToken.None);
        OnEnd(wait, () => thread = Environment.CurrentManagedThreadId);
        _signal.SetInline();

        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public async Task A_cancelled_wait_throws_and_the_next_one_works()
    {
        using var cancelled = new CancellationTokenSource();
        var wait = _signal.WaitAsync(TimeSpan.FromSeconds(1), _clock, cancelled.Token).AsTask();
        await cancelled.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        Assert.Equal(cancelled.Token, thrown.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await _signal.WaitAsync(TimeSpan.FromSeconds(1), _clock, cancelled.Token));

        var next = WaitAsync(1);
        _signal.Set();
        Assert.True(await next);
    }

    [Fact]
    public async Task No_signal_is_lost_between_signals_times_and_cancellations()
    {
        const int Rounds = 20_000;
        var (asked, done) = (0, 0);
        var over = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var waiter = Task.Run(async () =>
        {
            var random = new Random(1);
            while (Volatile.Read(ref done) < Rounds)
            {
                using var soon = new CancellationTokenSource();
                if (random.Next(4) == 0) ThreadPool.QueueUserWorkItem(_ => Cancel(soon));
                var time = random.Next(3) == 0 ? TimeSpan.FromTicks(random.Next(20_000)) : TimeSpan.FromSeconds(60);
                try
                {
                    await _signal.WaitAsync(time, TimeProvider.System, soon.Token);
                }
                catch (OperationCanceledException)
                {
                    // as good a reason to look as any
                }

                Volatile.Write(ref done, Volatile.Read(ref asked));
                Assert.False(over.IsCancellationRequested, $"{done} of {Rounds} after a minute");
            }
        });

        // The next is asked for only when the last has been seen: one signal that is lost stops everything.
        for (var i = 1; i <= Rounds; i++)
        {
            Volatile.Write(ref asked, i);
            if (i % 2 == 0) _signal.Set();
            else _signal.SetInline();
            for (var spins = 0; Volatile.Read(ref done) < i; spins++)
            {
                Assert.False(over.IsCancellationRequested, $"signal {i} has not been seen for a minute");
                if (spins > 100) await Task.Yield();
            }
        }

        await waiter;
    }

    // Away from the context of the test, in which everything goes on by itself.
    private static void OnEnd(ValueTask<bool> wait, Action then) =>
        wait.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(then);

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // the wait was over sooner
        }
    }

    private Task<bool> WaitAsync(int seconds) =>
        _signal.WaitAsync(TimeSpan.FromSeconds(seconds), _clock, CancellationToken.None).AsTask();
}
