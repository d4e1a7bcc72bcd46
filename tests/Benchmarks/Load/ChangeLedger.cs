using System.Collections.Concurrent;
using System.Globalization;

namespace MeshOrleans.Benchmarks.Load;

/// <summary>Every change of one phase, found again by the mark in its payload.</summary>
internal sealed class ChangeLedger(TimeProvider clock, int followers)
{
    private const string Prefix = "bench-change-";

    private static long _last; // one sequence for all phases: a late arrival of one is no change of the next

    private readonly ConcurrentDictionary<long, Change> _changes = new();
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _awaited;
    private volatile bool _isSettling;
    private volatile Exception? _firstFailure;
    private int _failures;

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<Change> Changes => _changes.Values;

    /// <summary>How many calls failed.</summary>
    public int Failures => _failures;

    /// <summary>Why the first did; null when none has.</summary>
    public string? FirstFailure => _firstFailure?.Message;

    /// <summary>The text by which a change is known.</summary>
    public static string MarkOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}");

    /// <summary>Makes one change and notes when it was acknowledged.</summary>
    /// <param name="requestedAt">When it was to be asked for.</param>
    /// <param name="change">Makes it.</param>
    /// <param name="cancellationToken">Ends the benchmark.</param>
    public async Task MakeAsync(long requestedAt, Func<Change, Task> change, CancellationToken cancellationToken)
    {
        var made = new Change(Interlocked.Increment(ref _last), requestedAt, followers);
        _changes[made.Number] = made;
        Interlocked.Add(ref _awaited, followers);
        try
        {
            await change(made);
            made.Commit(clock.GetTimestamp());
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failures);
            _firstFailure ??= exception;
            Reduce(made.GiveUp());
        }
    }

    /// <summary>A follower has received a payload.</summary>
    public void Arrive(int follower, string payload, long at)
    {
        var begin = payload.IndexOf(Prefix, StringComparison.Ordinal);
        if (begin < 0) return;
        var digits = payload.AsSpan(begin + Prefix.Length);
        var length = digits.IndexOfAnyExceptInRange('0', '9');
        if (length >= 0) digits = digits[..length];
        var number = long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        if (_changes.TryGetValue(number, out var change)) Reduce(change.Arrive(follower, at));
    }

    /// <summary>Waits until each follower has each change; nothing may be begun any more.</summary>
    /// <returns>How many arrivals are missing after all patience.</returns>
    public async Task<long> SettleAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        _isSettling = true;
        Reduce(0);
        try
        {
            await _complete.Task.WaitAsync(patience, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // what is missing is the answer
        }

        return Interlocked.Read(ref _awaited);
    }

    private void Reduce(int by)
    {
        if (Interlocked.Add(ref _awaited, -by) == 0 && _isSettling) _complete.TrySetResult();
    }
}
