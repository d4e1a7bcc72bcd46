using MeshOrleans.Silo.Hosting.Clock;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Hosting;

public sealed class PauseWatchTests
{
    private static readonly TimeSpan _tolerated = TimeSpan.FromSeconds(4);
    private readonly ManualTimeProvider _clock = new();
    private readonly ManualTimeProvider _wall = new();
    private readonly PauseWatch _watch;

    public PauseWatchTests() => _watch = new PauseWatch(_tolerated, _clock, _wall);

    [Fact]
    public void A_process_that_marks_itself_often_enough_is_awake()
    {
        for (var i = 0; i < 10; i++)
        {
            Pass(_clock, 3);
            Pass(_wall, 3);
            Assert.True(_watch.IsAwake);
            _watch.MarkAwake(_watch.Now);
        }
    }

    [Fact]
    public void A_process_that_was_stopped_was_not()
    {
        Pass(_clock, 4);
        Pass(_wall, 4);

        Assert.False(_watch.IsAwake);
        Assert.Equal(_tolerated, _watch.SinceAwake(_watch.Now));
    }

    [Fact]
    public void A_machine_that_was_suspended_shows_by_its_wall_clock_alone()
    {
        Pass(_clock, 1);
        Pass(_wall, 61);

        Assert.False(_watch.IsAwake);
        Assert.Equal(TimeSpan.FromSeconds(61), _watch.SinceAwake(_watch.Now));
        _watch.MarkAwake(_watch.Now);
        Assert.True(_watch.IsAwake);
    }

    [Fact]
    public void A_wall_clock_that_is_set_back_hides_no_stop()
    {
        _watch.MarkAwake(_watch.Now);
        Pass(_clock, 5); // the wall clock shows none of it

        Assert.False(_watch.IsAwake);
    }

    [Fact]
    public void A_pause_after_the_moment_that_is_marked_is_not_swallowed_by_the_mark()
    {
        var moment = _watch.Now;
        Pass(_clock, 60);
        _watch.MarkAwake(moment);

        Assert.True(_watch.IsAwakeAt(moment));
        Assert.False(_watch.IsAwake);
    }

    private static void Pass(ManualTimeProvider clock, int seconds) => clock.Advance(TimeSpan.FromSeconds(seconds));
}
