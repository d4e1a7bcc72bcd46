namespace MeshOrleans.Silo.Audit;

/// <summary>
/// How many calls that changed nothing, or failed, are kept in the trail: so few that changes stay in it, whatever somebody is refused.
/// </summary>
internal sealed class RefusalQuota
{
    /// <summary>Within an hour, of all callers together.</summary>
    internal const int OfAll = 32;

    /// <summary>Within an hour, of one caller.</summary>
    internal const int OfOne = 8;

    private static readonly TimeSpan _period = TimeSpan.FromHours(1);

    private readonly Lock _turn = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal); // never more than OfAll
    private DateTimeOffset _since;
    private int _all;

    /// <summary>Whether one more of a caller is kept at a time.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="now">The time.</param>
    /// <param name="isLast">Whether no further one of that caller is kept within the hour, as far as is known now.</param>
    public bool TryTake(string caller, DateTimeOffset now, out bool isLast)
    {
        isLast = false;
        lock (_turn)
        {
            if (now - _since >= _period || now < _since)
            {
                (_since, _all) = (now, 0);
                _taken.Clear();
            }

            var mine = _taken.GetValueOrDefault(caller);
            if (_all >= OfAll || mine >= OfOne) return false;
            _all++;
            _taken[caller] = ++mine;
            isLast = _all >= OfAll || mine >= OfOne;
            return true;
        }
    }
}
