using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Silo.Issuers;

namespace MeshOrleans.Silo.Tests.Issuers;

public sealed class FetchScheduleTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly IssuerKeySettings _settings = IssuerKeySettings.Default;

    [Fact]
    public void What_was_never_fetched_or_failed_last_is_due_at_once()
    {
        Assert.True(new FetchSchedule(fetchedAt: null, hasFailed: false).IsDue(_now, _settings));
        Assert.True(new FetchSchedule(_now, hasFailed: true).IsDue(_now, _settings));
    }

    [Fact]
    public void Keys_that_another_process_has_fetched_are_due_when_their_time_has_come()
    {
        var schedule = new FetchSchedule(_now, hasFailed: false);

        Assert.False(schedule.IsDue(_now.AddMinutes(19), _settings));
        Assert.True(schedule.IsDue(_now.AddMinutes(20), _settings));
        Assert.True(schedule.IsDue(_now.AddMinutes(2), _settings with { RefreshInterval = TimeSpan.FromMinutes(1) }));
        Assert.True(schedule.IsDue(_now.AddMinutes(-1), _settings));
    }

    [Fact]
    public void Failures_are_followed_by_longer_and_longer_waits_up_to_a_minute()
    {
        var schedule = new FetchSchedule(fetchedAt: null, hasFailed: false);
        var waits = new List<int>();
        for (var i = 0; i < 9; i++)
        {
            schedule.Note(succeeded: false, _now);
            waits.Add(Enumerable.Range(0, 1000).First(s => schedule.IsDue(_now.AddSeconds(s), _settings)));
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], waits);
        Assert.True(schedule.IsDue(_now.AddSeconds(5), _settings with { RefreshInterval = TimeSpan.FromSeconds(5) }));

        schedule.Retry();
        Assert.True(schedule.IsDue(_now, _settings));

        schedule.Note(succeeded: true, _now);
        schedule.Retry();
        Assert.False(schedule.IsDue(_now.AddMinutes(19), _settings));
    }

    [Fact]
    public void Who_has_waited_longest_goes_first()
    {
        var schedules = new Dictionary<string, FetchSchedule>
        {
            ["late"] = new(_now, hasFailed: false),
            ["early"] = new(_now.AddSeconds(-1), hasFailed: false),
            ["failed"] = new(_now, hasFailed: true),
        };
        var wanted = new[] { "late", "early", "failed", "new" }.Select(address => new KeySource(address, TimeSpan.Zero));

        Assert.Equal(["failed", "new", "early", "late"], FetchSchedule.InTurn(wanted, schedules).Select(s => s.Address));
    }

    [Fact]
    public void Nothing_is_due_while_an_attempt_is_under_way()
    {
        var attempt = new TaskCompletionSource();
        var schedule = new FetchSchedule(fetchedAt: null, hasFailed: false) { Attempt = attempt.Task };

        Assert.False(schedule.IsDue(_now, _settings));
        attempt.SetResult();
        Assert.True(schedule.IsDue(_now, _settings));
    }
}
