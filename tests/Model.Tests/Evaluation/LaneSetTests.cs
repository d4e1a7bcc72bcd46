using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

/// <summary>In which lane a request is.</summary>
public sealed class LaneSetTests
{
    private static readonly LaneSet Lanes = new(
    [
        new LaneModel("blue") { Entries = [Asking("x-blue"), Asking("x-both")] },
        new LaneModel("green") { Entries = [Asking("x-green"), Asking("x-both")] },
        new LaneModel("red"),
    ]);

    [Theory]
    [InlineData("", null, LaneCause.Outside, 0)]
    [InlineData("baggage: mesh.lane=red", "red", LaneCause.Marked, 0)]
    [InlineData("baggage: a=b, mesh.lane = %72ed;p", "red", LaneCause.Marked, 0)]
    [InlineData("baggage: mesh.lane=white", null, LaneCause.MarkedOtherwise, 0)]
    [InlineData("baggage: mesh.lane=", null, LaneCause.MarkedOtherwise, 0)]
    [InlineData("x-green: 1", "green", LaneCause.Entered, 0)]
    [InlineData("x-both: 1", "blue", LaneCause.Entered, 1)]
    [InlineData("x-green: 1|baggage: a=b", "green", LaneCause.Entered, 0)]
    [InlineData("x-green: 1|baggage: mesh.lane=red", "red", LaneCause.Marked, 0)] // a mark counts before conditions
    [InlineData("x-green: 1|baggage: mesh.lane=white", null, LaneCause.MarkedOtherwise, 0)]
    public void A_mark_counts_then_the_first_condition(string headers, string? lane, LaneCause cause, int entry)
    {
        var view = new TestView("/", [.. headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(Header)]);

        var decision = Lanes.Find(in view, new FixedRandom(0));

        Assert.Equal((lane, cause, entry), (decision.Lane?.Name, decision.Cause, decision.Entry));
    }

    [Fact]
    public void Two_lanes_of_one_name_are_none() =>
        Assert.Throws<ArgumentException>(() => new LaneSet([new LaneModel("a"), new LaneModel("a")]));

    private static RouteMatchModel Asking(string header) =>
        new() { Headers = [HeaderMatcher.OfPresence(header)] };

    private static (string Name, string Value) Header(string line) =>
        (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..]);
}
