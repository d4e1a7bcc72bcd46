using MeshOrleans.Proxy.Dataplane.Outbound;

namespace MeshOrleans.Proxy.Sidecar.Demands;

/// <summary>
/// The hosts that the application calls and the model lacks: each is asked for once, however many requests wait for it.
/// They wait for a bounded time and in bounded number; who cannot wait is routed as the model says. Any thread.
/// </summary>
/// <param name="isReady">Whether the model in force can serve a host; asked under this object's lock.</param>
/// <param name="mayComeLater">Whether it will be able to without any more of the control plane; asked likewise.</param>
/// <param name="clock">The time.</param>
internal sealed class DemandBook(
    Func<string, int, bool> isReady, Func<string, int, bool> mayComeLater, TimeProvider clock) : IHostDemand, IDisposable
{
    /// <summary>How long a request waits, and how long a lost stream is believed to come back at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2); // a gateway itself waits up to 1 s for endpoints

    /// <summary>How long a host is not asked for again that the control plane did not have.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    public const int MaxParked = 1_000;
    public const int MaxHosts = 1_000;
    private const int MaxName = 255;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, OpenDemand> _open = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _inVain = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _called = new(StringComparer.Ordinal);
    private readonly DemandPace _pace = new(clock);
    private IDemandLine? _line;
    private long? _lostAt;
    private ITimer? _later;
    private int _parked;

    /// <summary>What it has done so far.</summary>
    public DemandCounts Counts { get; private set; } = new(0, 0, 0);

    /// <summary>How many requests wait now.</summary>
    public int Parked
    {
        get
        {
            lock (_gate) return _parked;
        }
    }

    /// <inheritdoc/>
    public Task WaitAsync(string host, int port, CancellationToken cancellationToken)
    {
        if (!IsName(host)) return Task.CompletedTask;
        var name = $"{host}:{port}";
        lock (_gate)
        {
            if (isReady(host, port)) return Task.CompletedTask; // it came while this request was on its way here
            if (!MayAnswer() || IsKnownInVain(name) || _parked >= MaxParked) return Task.CompletedTask;
            if (!_open.TryGetValue(name, out var demand))
            {
                if (_open.Count >= MaxHosts) return Task.CompletedTask;
                _open[name] = demand = new OpenDemand(host, port);
                Flush();
            }

            _parked++;
            return ParkAsync(name, demand, cancellationToken);
        }
    }

    /// <summary>
    /// What a new stream begins with: the hosts that have been called since the start, and those that wait.
    /// </summary>
    public string[] Opening()
    {
        lock (_gate)
        {
            foreach (var demand in _open.Values) demand.IsSent = true;
            return [.. _called.Union(_open.Keys, StringComparer.Ordinal)];
        }
    }

    /// <summary>A stream is open and answers.</summary>
    public void Attach(IDemandLine line)
    {
        lock (_gate)
        {
            (_line, _lostAt) = (line, null);
            Flush();
        }
    }

    /// <summary>
    /// The stream has ended. What waits is asked for again on the next one, if that comes while somebody waits.
    /// </summary>
    public void Detach(IDemandLine line)
    {
        lock (_gate)
        {
            foreach (var demand in _open.Values) demand.IsSent = false;
            if (!ReferenceEquals(_line, line)) return;
            (_line, _lostAt) = (null, clock.GetTimestamp());
        }
    }

    /// <summary>The control plane has answered: these hosts are there, those are not.</summary>
    public void Answered(IEnumerable<string> found, IEnumerable<string> missing)
    {
        lock (_gate)
        {
            foreach (var name in found)
            {
                if (_called.Count < MaxHosts) _called.Add(name);
                if (!_open.TryGetValue(name, out var demand)) continue;
                if (!mayComeLater(demand.Host, demand.Port)) Close(name, demand, isReady(demand.Host, demand.Port));
            }

            foreach (var name in missing)
            {
                if (_open.TryGetValue(name, out var demand)) Close(name, demand, isFound: false);
            }
        }
    }

    /// <summary>Another model is in force.</summary>
    public void ModelChanged()
    {
        lock (_gate)
        {
            if (_open.Count == 0) return;
            foreach (var (name, demand) in _open.ToArray())
            {
                if (isReady(demand.Host, demand.Port)) Close(name, demand, isFound: true);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _later?.Dispose();
            foreach (var (name, demand) in _open.ToArray()) Close(name, demand, isFound: false);
        }
    }

    private async Task ParkAsync(string name, OpenDemand demand, CancellationToken cancellationToken)
    {
        try
        {
            await demand.Done.Task.WaitAsync(Patience, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_gate) Close(name, demand, isFound: false);
        }
        finally
        {
            lock (_gate) _parked--;
        }
    }

    // Under the lock. Somebody else's turn may have closed it already.
    private void Close(string name, OpenDemand demand, bool isFound)
    {
        if (!_open.TryGetValue(name, out var current) || current != demand) return;
        _open.Remove(name);
        demand.Done.TrySetResult();
        Counts = isFound ? Counts with { Found = Counts.Found + 1 } : Counts with { InVain = Counts.InVain + 1 };
        if (isFound) return;
        if (_inVain.Count >= MaxHosts) Forget();
        if (_inVain.Count < MaxHosts) _inVain[name] = clock.GetTimestamp();
    }

    // A stream that has just been lost is most likely open again, to this gateway or another, before a caller gives up.
    private bool MayAnswer() =>
        _line is not null || (_lostAt is { } at && clock.GetElapsedTime(at) < Patience);

    private bool IsKnownInVain(string name)
    {
        if (!_inVain.TryGetValue(name, out var at)) return false;
        if (clock.GetElapsedTime(at) < Memory) return true;
        _inVain.Remove(name);
        return false;
    }

    private void Forget()
    {
        foreach (var (name, at) in _inVain.ToArray())
        {
            if (clock.GetElapsedTime(at) >= Memory) _inVain.Remove(name);
        }
    }

    // What has to wait for its turn goes together, in one message.
    private void Flush()
    {
        if (_line is not { } line) return;
        string[] names = [.. _open.Where(d => !d.Value.IsSent).Select(d => d.Key)];
        if (names.Length == 0) return;
        var wait = _pace.Next();
        if (wait > TimeSpan.Zero)
        {
            _later ??= clock.CreateTimer(
                _ => FlushLater(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _later.Change(wait, Timeout.InfiniteTimeSpan);
            return;
        }

        foreach (var name in names) _open[name].IsSent = true;
        Counts = Counts with { Asked = Counts.Asked + names.Length };
        line.Ask(names);
    }

    private void FlushLater()
    {
        lock (_gate) Flush();
    }

    // Nothing is asked for that no host can be called; the control plane would end the stream over some of it.
    private static bool IsName(string host)
    {
        if (host.Length is 0 or > MaxName) return false;
        foreach (var c in host)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '[' or ']')) return false;
        }

        return true;
    }
}
