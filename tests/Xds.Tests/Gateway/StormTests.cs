using MeshOrleans.Model;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway.Admission;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>When a storm comes: how long a turn takes is measured, and who is refused comes back when there is room.</summary>
public sealed class StormTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void A_pace_is_known_after_some_seconds_of_waiting_and_forgotten_when_nobody_waits()
    {
        var pace = new TurnPace(_clock);
        pace.Waits();
        for (var i = 0; i < 9; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(300));
            pace.Ends(hasTurn: true, left: 5);
        }

        Assert.Null(pace.PerSecond);
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        Assert.Equal(3, pace.PerSecond!.Value, 0.1);
        pace.Ends(hasTurn: false, left: 5); // gave up: no turn
        Assert.Equal(3, pace.PerSecond!.Value, 0.1);
        pace.Ends(hasTurn: true, left: 0);
        Assert.Null(pace.PerSecond);
    }

    [Fact]
    public void A_pace_follows_what_it_is_now()
    {
        var pace = new TurnPace(_clock);
        pace.Waits();
        for (var i = 0; i < 100; i++) Turn(TimeSpan.FromMilliseconds(100));
        Assert.Equal(10, pace.PerSecond!.Value, 0.5);

        for (var i = 0; i < 40; i++) Turn(TimeSpan.FromSeconds(1));

        Assert.InRange(pace.PerSecond!.Value, 0.9, 1.5);

        void Turn(TimeSpan after)
        {
            _clock.Advance(after);
            pace.Ends(hasTurn: true, left: 5);
        }
    }

    [Fact]
    public void Who_is_refused_comes_back_when_it_can_be_taken_and_no_sooner_than_usual()
    {
        var returns = new ReturnSchedule(TimeSpan.FromSeconds(2), _clock, new Chance(0.5));

        var times = Enumerable.Range(0, 1_000).Select(_ => returns.Next(perSecond: 100)).ToArray();

        Assert.All(times, time => Assert.True(time >= TimeSpan.FromSeconds(2)));
        Assert.Equal(10, times[^1].TotalSeconds, 0.1); // the thousandth of a hundred a second
        var second = times.Count(time => time >= TimeSpan.FromSeconds(5) && time < TimeSpan.FromSeconds(6));
        Assert.InRange(second, 99, 101);
    }

    [Fact]
    public void What_was_booked_passes_and_nobody_is_sent_away_for_longer_than_half_a_minute()
    {
        var returns = new ReturnSchedule(TimeSpan.FromSeconds(2), _clock, new Chance(0.5));
        for (var i = 0; i < 500; i++) returns.Next(perSecond: 100);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(TimeSpan.FromSeconds(2), returns.Next(perSecond: 100));
        Assert.All(
            Enumerable.Range(0, 1_000), _ => Assert.True(returns.Next(perSecond: 10) <= TimeSpan.FromSeconds(30.1)));
        Assert.Equal(TimeSpan.FromSeconds(2), returns.Next(perSecond: null));
    }

    private sealed class Chance(double value) : IRandomSource
    {
        public double NextDouble() => value;
    }
}
