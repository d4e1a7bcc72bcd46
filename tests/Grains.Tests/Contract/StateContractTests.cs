using System.Collections.Immutable;
using Orleans.Storage;

namespace MeshOrleans.Grains.Tests.Contract;

public sealed class StateContractTests : GrainContract
{
    [Fact]
    public async Task A_grain_that_never_wrote_has_a_blank_state()
    {
        var grain = Grain<IStateProbe>();

        Assert.Null((await grain.ReadAsync()).Text);
        Assert.False(await grain.RecordExistsAsync());
        Assert.Null(await grain.EtagAsync());
    }

    [Fact]
    public async Task What_was_written_is_there_in_the_next_activation()
    {
        var grain = Grain<IStateProbe>();
        await grain.WriteAsync("kept");

        await grain.DeactivateAsync();

        Assert.Equal("kept", (await grain.ReadAsync()).Text);
        Assert.True(await grain.RecordExistsAsync());
    }

    [Fact]
    public async Task What_was_written_is_there_after_a_restart()
    {
        await Grain<IStateProbe>().WriteAsync("kept");

        await Host.RestartAsync();

        Assert.Equal("kept", (await Grain<IStateProbe>().ReadAsync()).Text);
        await Grain<IStateProbe>().WriteAsync("and changed");
    }

    [Fact]
    public async Task Every_write_changes_the_etag()
    {
        var grain = Grain<IStateProbe>();
        await grain.WriteAsync("one");
        var first = await grain.EtagAsync();

        await grain.WriteAsync("two");

        Assert.NotNull(first);
        Assert.NotEqual(first, await grain.EtagAsync());
    }

    [Fact]
    public async Task A_cleared_state_is_blank_and_can_be_written_again()
    {
        var grain = Grain<IStateProbe>();
        await grain.WriteAsync("gone");

        await grain.ClearAsync();

        Assert.Null((await grain.ReadAsync()).Text);
        Assert.False(await grain.RecordExistsAsync());
        await grain.WriteAsync("again");
        Assert.Equal("again", await grain.ReloadAsync());
    }

    [Fact]
    public async Task A_write_over_somebody_elses_is_refused()
    {
        var exception = await Assert.ThrowsAsync<InconsistentStateException>(
            () => Grain<IStateProbe>().ConflictAsync("lost", "saved"));

        Assert.NotNull(exception.StoredEtag);
        Assert.NotEqual(exception.StoredEtag, exception.CurrentEtag);
    }

    [Fact]
    public async Task A_refused_write_that_leaves_the_grain_makes_it_read_again()
    {
        var grain = Grain<IStateProbe>();
        await grain.WriteAsync("before");

        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.ConflictAsync("lost", "saved"));

        Assert.Equal("saved", (await grain.ReadAsync().SoonAsync()).Text);
        await grain.WriteAsync("after");
    }

    [Fact]
    public async Task A_grain_may_handle_a_refused_write_itself() =>
        Assert.Equal("saved", await Grain<IStateProbe>().SwallowConflictAsync("lost", "saved"));

    [Fact]
    public async Task Every_shape_of_state_survives()
    {
        var state = new ProbeState
        {
            Text = "text \u00e9 \"quoted\"",
            Items = ["a", "b"],
            Cases = ImmutableDictionary<string, ProbeCase>.Empty
                .Add("named", new ProbeCase.Named("x"))
                .Add("counted", new ProbeCase.Counted(3, [1, 2, 255])),
            At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)).AddTicks(1234567),
            For = TimeSpan.FromTicks(12345678901),
            Sorted = ImmutableSortedDictionary<string, int>.Empty.Add("one", 1),
            Pair = new ProbePair("left", long.MaxValue),
        };
        await Grain<IStateProbe>().WriteAllAsync(state, CancellationToken.None);

        await Host.RestartAsync();

        var read = await Grain<IStateProbe>().ReadAsync();
        Assert.Equal(state.Text, read.Text);
        Assert.Equal<string>(state.Items, read.Items);
        Assert.Equal(new ProbeCase.Named("x"), read.Cases["named"]);
        var counted = Assert.IsType<ProbeCase.Counted>(read.Cases["counted"]);
        Assert.Equal<byte>([1, 2, 255], counted.Bytes);
        Assert.Equal(state.At, read.At);
        Assert.Equal(state.At.Offset, read.At.Offset);
        Assert.Equal(state.For, read.For);
        Assert.Equal(1, read.Sorted["one"]);
        Assert.Equal(state.Pair, read.Pair);
    }

    [Fact]
    public async Task An_array_that_was_never_set_is_no_obstacle()
    {
        await Grain<IStateProbe>().WriteAllAsync(new ProbeState { Text = "x" }, CancellationToken.None);

        await Host.RestartAsync();

        var read = await Grain<IStateProbe>().ReadAsync();
        Assert.True(read.Items.IsDefaultOrEmpty);
        Assert.Null(read.For);
        Assert.Null(read.Pair);
    }
}
