namespace MeshOrleans.Benchmarks.Load;

/// <summary>One change: when it was asked for, when it was acknowledged, and when each follower had it.</summary>
internal sealed class Change(long number, long requestedAt, int followers)
{
    private readonly long[] _arrivedAt = new long[followers];
    private int _awaited = followers;

    /// <summary>Which one, 1 for the first.</summary>
    public long Number { get; } = number;

    /// <summary>The text in the payload by which a follower knows it.</summary>
    public string Mark { get; } = ChangeLedger.MarkOf(number);

    /// <summary>When it was asked for, or was to be asked for by an open loop.</summary>
    public long RequestedAt { get; } = requestedAt;

    /// <summary>When the call returned; null as long as it has not, and when it failed.</summary>
    public long? CommittedAt { get; private set; }

    /// <summary>When each follower had it; zero where it has not.</summary>
    public IReadOnlyList<long> ArrivedAt => _arrivedAt;

    /// <summary>The call has returned.</summary>
    public void Commit(long at) => CommittedAt = at;

    /// <summary>A follower has it.</summary>
    /// <returns>How many arrivals fewer are awaited: one, or none when it was known.</returns>
    public int Arrive(int follower, long at)
    {
        lock (_arrivedAt)
        {
            if (_awaited == 0 || _arrivedAt[follower] != 0) return 0;
            _arrivedAt[follower] = at;
            _awaited--;
            return 1;
        }
    }

    /// <summary>Its call failed: it may arrive or not.</summary>
    /// <returns>How many arrivals fewer are awaited.</returns>
    public int GiveUp()
    {
        lock (_arrivedAt)
        {
            return Interlocked.Exchange(ref _awaited, 0);
        }
    }
}
