using MeshOrleans.Silo.Hosting;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Hosting;

public sealed class HeartbeatsTests
{
    private static readonly DateTime _then = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    private readonly ManualTimeProvider _clock = new();
    private readonly Heartbeats _heartbeats;
    private int _beat;

    public HeartbeatsTests() => _heartbeats = new Heartbeats(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(9), _clock);

    [Fact]
    public void Whose_heartbeat_stands_still_beside_others_is_silent_after_the_limit()
    {
        for (var i = 0; i < 7; i++) Assert.Empty(Read());
        Assert.Equal(["b"], Read());
        Assert.Equal(["b"], Read());
    }

    [Fact]
    public void A_clock_that_is_wrong_is_no_silence()
    {
        for (var i = 0; i < 20; i++) Assert.Empty(_heartbeats.Read(Beats("b", _then.AddHours(-3).AddSeconds(Pass()))));
    }

    [Fact]
    public void An_outage_of_the_reader_itself_counts_for_nobody()
    {
        for (var i = 0; i < 5; i++) Assert.Empty(Read());
        _clock.Advance(TimeSpan.FromMinutes(1)); // nobody could write, this one could not read
        for (var i = 0; i < 7; i++) Assert.Empty(Read());
        Assert.Equal(["b"], Read());
    }

    [Fact]
    public void Who_beats_again_is_not_silent()
    {
        for (var i = 0; i < 8; i++) Read();
        Assert.Empty(_heartbeats.Read(Beats("b", _then.AddSeconds(Pass()))));
    }

    private IReadOnlyList<string> Read()
    {
        Pass();
        return _heartbeats.Read(Beats("b", _then));
    }

    private int Pass()
    {
        _clock.Advance(TimeSpan.FromSeconds(3));
        return ++_beat;
    }

    private Dictionary<string, DateTime> Beats(string other, DateTime at) =>
        new() { ["a"] = _then.AddSeconds(_beat), [other] = at };
}
