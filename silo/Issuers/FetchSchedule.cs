using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;

namespace MeshOrleans.Silo.Issuers;

/// <summary>When the keys of one address are to be fetched next.</summary>
/// <remarks>Used by one loop; an attempt changes it only while the loop leaves it alone.</remarks>
internal sealed class FetchSchedule
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _lastRetry = TimeSpan.FromMinutes(1);

    private DateTimeOffset? _last;
    private int _failures;

    /// <param name="fetchedAt">When they were last fetched, perhaps by another process; null when never.</param>
    /// <param name="hasFailed">Whether an attempt after that has failed.</param>
    public FetchSchedule(DateTimeOffset? fetchedAt, bool hasFailed) => _last = hasFailed ? null : fetchedAt;

    /// <summary>
    /// The addresses in the order in which they are to be asked: who has waited longest goes first, so that many that hang
    /// cannot keep the others from their turn.
    /// </summary>
    /// <param name="wanted">The addresses, those of the oldest policies first.</param>
    /// <param name="schedules">What is known of them; those that are not in it were never asked.</param>
    public static IEnumerable<KeySource> InTurn(
        IEnumerable<KeySource> wanted, IReadOnlyDictionary<string, FetchSchedule> schedules) =>
        wanted.OrderBy(source => schedules.GetValueOrDefault(source.Address)?._last ?? DateTimeOffset.MinValue).ToList();

    /// <summary>The attempt that is under way, or the last.</summary>
    public Task Attempt { get; set; } = Task.CompletedTask;

    /// <summary>Whether an attempt is to begin.</summary>
    public bool IsDue(DateTimeOffset now, IssuerKeySettings settings)
    {
        if (!Attempt.IsCompleted) return false;
        if (_last is not { } last) return true;
        var wait = _failures == 0 ? settings.EffectiveRefreshInterval : RetryAfter(settings);
        return now - last >= wait || last > now; // a clock that was set back is no reason to wait
    }

    /// <summary>An attempt has ended.</summary>
    public void Note(bool succeeded, DateTimeOffset now) => (_last, _failures) = (now, succeeded ? 0 : _failures + 1);

    /// <summary>What may have made attempts fail is another: the next one is due.</summary>
    public void Retry()
    {
        if (_failures > 0) _last = null;
    }

    private TimeSpan RetryAfter(IssuerKeySettings settings)
    {
        var wait = _firstRetry * Math.Pow(2, Math.Min(_failures - 1, 10));
        if (wait > _lastRetry) wait = _lastRetry;
        return wait < settings.EffectiveRefreshInterval ? wait : settings.EffectiveRefreshInterval;
    }
}
