using System.Diagnostics;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

/// <summary>Templates against the plainest way to read them, which tries everything.</summary>
public sealed class PathTemplateLawsTests
{
    private static readonly string[] _pieces = ["a", "b", "ab", ""];

    [Fact]
    public void Templates_mean_what_trying_everything_finds()
    {
        var random = new Random(20260115);
        for (var i = 0; i < 50_000; i++)
        {
            var template = Template(random);
            var path = Join(random, random.Next(0, 6), _pieces);

            var expected = Matches(template.Replace("{**}", "**").Replace("{*}", "*"), path);

            Assert.True(expected == new PathTemplate(template).Matches(path), $"{template} and {path}: {expected}");
        }
    }

    [Theory]
    [InlineData("/{**}/b/{**}")]
    [InlineData("/{**}/{*}")]
    [InlineData("/a{*}")]
    [InlineData("/{**}.txt")]
    public void What_would_have_to_be_tried_in_several_ways_is_refused(string template) =>
        Assert.Throws<FormatException>(() => new PathTemplate(template));

    [Fact]
    public void Hostile_paths_take_no_time_and_no_memory()
    {
        var template = new PathTemplate("/{*}/{*}/{**}/a/a/a/a/b");
        var path = string.Concat(Enumerable.Repeat("/a", 30_000));
        template.Matches(path);
        var (before, started) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());

        for (var i = 0; i < 1000; i++) Assert.False(template.Matches(path));

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
    }

    private static string Template(Random random)
    {
        var head = Join(random, random.Next(0, 4), [.. _pieces, "{*}"]);
        return random.Next(2) == 0 && head.Length > 0 ? head : $"{head}/{{**}}{Join(random, random.Next(0, 3), _pieces)}";
    }

    private static string Join(Random random, int count, string[] pieces) =>
        string.Concat(Enumerable.Range(0, count).Select(_ => $"/{pieces[random.Next(pieces.Length)]}"));

    // "**" is any text, "*" one or more characters without a slash
    private static bool Matches(ReadOnlySpan<char> template, ReadOnlySpan<char> path)
    {
        if (template.IsEmpty) return path.IsEmpty;
        var isAny = template.StartsWith("**");
        if (!isAny && template[0] != '*')
        {
            return !path.IsEmpty && path[0] == template[0] && Matches(template[1..], path[1..]);
        }

        for (var i = isAny ? 0 : 1; i <= path.Length; i++)
        {
            if (!isAny && path[i - 1] == '/') return false;
            if (Matches(template[(isAny ? 2 : 1)..], path[i..])) return true;
        }

        return false;
    }
}
