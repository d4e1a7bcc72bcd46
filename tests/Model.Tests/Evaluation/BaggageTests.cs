using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

/// <summary>Members of the baggage header (W3C Baggage, section 3), and texts that only look like them.</summary>
public sealed class BaggageTests
{
    [Theory]
    [InlineData("mesh.lane=canary", "canary")]
    [InlineData(" \tmesh.lane \t= canary\t ", "canary")]
    [InlineData("user=alice,mesh.lane=canary,x=1", "canary")]
    [InlineData("user=alice;mesh.lane=no , mesh.lane=canary;ttl=1;secret", "canary")]
    [InlineData("mesh.lane=canary;ttl=1,mesh.lane=other", "canary")]
    [InlineData("mesh.lane=", "")]
    [InlineData("mesh.lane=a=b", "a=b")]
    [InlineData(",,mesh.lane=canary,,", "canary")]
    [InlineData("mesh.lane,mesh.lane=canary", "canary")]
    [InlineData("user=alice", null)]
    [InlineData("xmesh.lane=canary", null)]
    [InlineData("mesh.lanes=canary", null)]
    [InlineData("mesh.Lane=canary", null)] // keys have a case
    [InlineData("user=alice;mesh.lane=canary", null)] // a property of another member
    [InlineData("mesh.lane", null)]
    [InlineData("=canary", null)]
    [InlineData("", null)]
    public void A_member_is_found_wherever_it_stands(string line, string? expected) =>
        Assert.Equal(expected, Find(line));

    [Fact]
    public void Lines_are_one_list_and_the_first_member_of_a_key_counts()
    {
        Assert.Equal("canary", Find("user=alice", "mesh.lane=canary", "mesh.lane=other"));
        Assert.Null(Find("user=alice,mesh", ".lane=canary"));
        Assert.Null(Find());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void What_is_beyond_the_bound_is_not_looked_at_and_no_member_is_cut(int more, bool isFound)
    {
        const string Member = ",mesh.lane=canary,";
        var line = new string('x', Baggage.Longest - Member.Length + more) + Member;

        Assert.Equal(isFound ? "canary" : null, Find(line));
        Assert.Equal(isFound ? "canary" : null, Find(line[..100], line[100..]));
    }

    [Theory]
    [InlineData("canary", true)]
    [InlineData("%63anar%79", true)]
    [InlineData("can%61ry", true)]
    [InlineData("canar", false)]
    [InlineData("canary2", false)]
    [InlineData("Canary", false)]
    [InlineData("canary%", false)]
    [InlineData("canar%7", false)]
    [InlineData("canar%zz", false)]
    [InlineData("canar%e7%a9", false)]
    [InlineData("%2563anary", false)] // decoded once
    [InlineData("", false)]
    public void A_value_is_percent_encoded(string value, bool says) => Assert.Equal(says, Baggage.Says(value, "canary"));

    [Theory]
    [InlineData(null, "mesh.lane=canary")]
    [InlineData("", "mesh.lane=canary")]
    [InlineData(" ", "mesh.lane=canary")]
    [InlineData("user=alice;p, x=1", "mesh.lane=canary,user=alice;p, x=1")]
    public void A_member_is_added_before_the_others(string? line, string expected) =>
        Assert.Equal(expected, Baggage.With(line, "mesh.lane", "canary"));

    [Fact]
    public void Reading_a_mark_allocates_nothing()
    {
        var lines = new HeaderValues("user=alice;p=1,region=eu%20west, mesh.lane=can%61ry;ttl=1,x=2");
        var found = 0;
        for (var i = 0; i < 100; i++) found += Count(lines); // compiled by then
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++) found += Count(lines);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1100, found);
    }

    private static int Count(in HeaderValues lines) =>
        Baggage.TryFind(lines, LaneSet.Key, out var value) && Baggage.Says(value, "canary") ? 1 : 0;

    private static string? Find(params string[] lines) =>
        Baggage.TryFind(new HeaderValues(lines), LaneSet.Key, out var value) ? value.ToString() : null;
}
