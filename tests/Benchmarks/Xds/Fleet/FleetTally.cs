using System.Collections.Concurrent;

namespace MeshOrleans.Benchmarks.Xds.Fleet;

/// <summary>What the proxies of one process have seen, all together.</summary>
internal sealed class FleetTally(int proxies)
{
    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly List<long> _arrivals = [];
    private (int Type, string Name)? _expected;
    private TaskCompletionSource _everybodySynced = NewSource();
    private TaskCompletionSource _everybodyArrived = NewSource();
    private int _wanted, _synced;
    private long _lastSynced;
    private long _bytes, _resources, _repeated;

    /// <summary>Why the newest stream ended, where it ended badly.</summary>
    public string LastFailure { get; private set; } = "";

    /// <summary>One text for all that are equal: thousands of proxies hold the same names.</summary>
    public string Share(string text) => _texts.GetOrAdd(text, text);

    public void Received(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Took(int resources) => Interlocked.Add(ref _resources, resources);

    /// <summary>A resource came that was held in this very version.</summary>
    public void Repeated() => Interlocked.Increment(ref _repeated);

    public void Failed(Exception exception) => LastFailure = exception.Message;

    /// <summary>A proxy has something of each type.</summary>
    public void Synced(long at)
    {
        lock (_lock)
        {
            _lastSynced = Math.Max(_lastSynced, at);
            if (++_synced == proxies) _everybodySynced.TrySetResult();
        }
    }

    /// <summary>A proxy has lost its stream.</summary>
    public void Lost(bool wasSynced)
    {
        if (!wasSynced) return;
        lock (_lock)
        {
            if (_synced-- == proxies) _everybodySynced = NewSource();
        }
    }

    /// <summary>Waits until every proxy is synced; tells when the last one was.</summary>
    public async Task<long> WaitUntilSyncedAsync(TimeSpan patience)
    {
        Task synced;
        lock (_lock) synced = _everybodySynced.Task;
        try
        {
            await synced.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{_synced} of {proxies} proxies are synced; the last failure: {LastFailure}");
        }

        lock (_lock) return _lastSynced;
    }

    /// <summary>From now on a resource is waited for, by so many proxies.</summary>
    public void Expect(int type, string name, int count)
    {
        lock (_lock)
        {
            (_expected, _wanted) = ((type, name), count);
            _arrivals.Clear();
            _everybodyArrived = NewSource();
            if (count == 0) _everybodyArrived.SetResult();
        }
    }

    public void Arrived(int type, string name, long at)
    {
        if (_expected is not { } expected || expected.Type != type || expected.Name != name) return;
        lock (_lock)
        {
            _arrivals.Add(at);
            if (_arrivals.Count == _wanted) _everybodyArrived.TrySetResult();
        }
    }

    /// <summary>Waits until the expected resource has come to all; tells when it came to each.</summary>
    public async Task<long[]> WaitUntilArrivedAsync(TimeSpan patience)
    {
        try
        {
            await _everybodyArrived.Task.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            // what is missing is the answer
        }

        lock (_lock) return [.. _arrivals];
    }

    /// <summary>What has come since the last time this was asked.</summary>
    public (long Bytes, long Resources, long Repeated) Since() =>
        (Interlocked.Exchange(ref _bytes, 0),
            Interlocked.Exchange(ref _resources, 0),
            Interlocked.Exchange(ref _repeated, 0));

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
