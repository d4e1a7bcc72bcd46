using System.Text.Json;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Tests.Contract;

namespace MeshOrleans.Grains.Tests.Embedded;

public sealed class StateJsonTests
{
    [Fact]
    public void An_array_that_was_never_set_comes_back_so()
    {
        var read = RoundTrip(new ProbeState { Text = "x" });

        Assert.True(read.Items.IsDefault);
    }

    [Fact]
    public void A_case_of_a_closed_set_keeps_its_kind()
    {
        var read = RoundTrip<ProbeCase>(new ProbeCase.Counted(2, [1]));

        Assert.Equal(2, Assert.IsType<ProbeCase.Counted>(read).Count);
    }

    [Fact]
    public void A_kind_that_is_not_first_is_understood()
    {
        var read = JsonSerializer.Deserialize<ProbeCase>("""{"Name":"n","$type":"Named"}""", StateJson.Options);

        Assert.Equal(new ProbeCase.Named("n"), read);
    }

    [Fact]
    public void A_member_with_an_id_is_read_though_its_setter_is_private()
    {
        var state = new Guarded();
        state.Raise();

        Assert.Equal(1, RoundTrip(state).Level);
    }

    [Fact]
    public void Members_that_are_not_known_are_passed_over()
    {
        var read = JsonSerializer.Deserialize<ProbePair>("""{"Left":"l","Right":1,"Middle":2}""", StateJson.Options);

        Assert.Equal(new ProbePair("l", 1), read);
    }

    private static T RoundTrip<T>(T value) =>
        JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value, StateJson.Options), StateJson.Options)!;

    private sealed class Guarded
    {
        [Id(0)]
        public int Level { get; private set; }

        public void Raise() => Level++;
    }
}
