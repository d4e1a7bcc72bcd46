using System.Collections.Immutable;
using MeshOrleans.Grains.Config;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class RevisionPageTests
{
    [Theory]
    [InlineData(0, 2, "9 8")]
    [InlineData(0, 4, "9 8 7 6")]
    [InlineData(8, 2, "7 6")]
    [InlineData(0, 5, null)] // one more than is at hand
    [InlineData(7, 2, null)]
    [InlineData(6, 1, null)]
    public void A_page_is_at_hand_as_long_as_nothing_older_is_asked_for(long before, int count, string? expected) =>
        Assert.Equal(expected, Text(RevisionPage.Find(Revisions(6, 9), before, count)));

    [Theory]
    [InlineData(0, 5, "3 2 1")]
    [InlineData(2, 5, "1")]
    [InlineData(1, 5, "")]
    public void Where_the_first_is_at_hand_all_are(long before, int count, string expected) =>
        Assert.Equal(expected, Text(RevisionPage.Find(Revisions(1, 3), before, count)));

    [Fact]
    public void Before_the_first_there_are_none() => Assert.Equal("", Text(RevisionPage.Find([], 0, 5)));

    private static string? Text(ImmutableArray<RevisionRecord>? page) =>
        page is null ? null : string.Join(' ', page.Value.Select(r => r.Number));

    private static ImmutableArray<RevisionRecord> Revisions(int from, int to) =>
        [.. Enumerable.Range(from, to - from + 1).Reverse().Select(n => new RevisionRecord(n, default, "a", "", []))];
}
