namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>Merges changes that come close together: due after a quiet time, and at the latest after the cap.</summary>
internal sealed class Debouncer(TimeSpan quiet, TimeSpan cap)
{
    private DateTimeOffset? _first;
    private DateTimeOffset _last;

    /// <summary>When what was noted is due; null when nothing was.</summary>
    public DateTimeOffset? DueAt =>
        _first is not { } first ? null : first + cap < _last + quiet ? first + cap : _last + quiet;

    /// <summary>Something changed.</summary>
    public void Note(DateTimeOffset now)
    {
        _first ??= now;
        _last = now;
    }

    /// <summary>What was noted has been dealt with.</summary>
    public void Clear() => _first = null;
}
