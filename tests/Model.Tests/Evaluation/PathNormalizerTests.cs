using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

public sealed class PathNormalizerTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/../../b", "/b")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/.", "/a/")]
    [InlineData("/a/b/../", "/a/")]
    [InlineData("/a//../b", "/a/b")]
    [InlineData("/a//b", "/a//b")]
    [InlineData("/x/%2e%2E/allow/admin", "/allow/admin")]
    [InlineData("/x/.%2e/y", "/y")]
    [InlineData("/%41%7e%5F", "/A~_")]
    [InlineData("/a%2fb", "/a%2fb")]
    [InlineData("/a%5cb", "/a%5cb")]
    [InlineData("/a\\..\\b", "/b")]
    [InlineData("/a%252e", "/a%252e")]
    [InlineData("/a%20b%c3%a9", "/a%20b%c3%a9")]
    [InlineData("/a?x=/../%2e", "/a?x=/../%2e")]
    [InlineData("/a?", "/a")]
    [InlineData("/...", "/...")]
    [InlineData("/.a/..b", "/.a/..b")]
    public void Base_brings_a_path_to_one_spelling(string sent, string expected)
    {
        Assert.True(PathNormalizer.TryNormalize(sent, PathNormalizationMode.Base, out var target));
        Assert.Equal(expected, target.Text);
    }

    [Theory]
    [InlineData(PathNormalizationMode.None, "/a//%2e%2e/b\\c%2F", "/a//%2e%2e/b\\c%2F")]
    [InlineData(PathNormalizationMode.MergeSlashes, "/a//b///", "/a/b/")]
    [InlineData(PathNormalizationMode.MergeSlashes, "/a%2f/b", "/a%2f/b")]
    [InlineData(PathNormalizationMode.MergeSlashes, "//a//../b", "/b")]
    [InlineData(PathNormalizationMode.DecodeAndMergeSlashes, "/a%2f/b%5C%5cc", "/a/b/c")]
    [InlineData(PathNormalizationMode.DecodeAndMergeSlashes, "/a%2F..%2fadmin", "/admin")]
    public void The_other_modes_fold_more_or_less(PathNormalizationMode mode, string sent, string expected)
    {
        Assert.True(PathNormalizer.TryNormalize(sent, mode, out var target));
        Assert.Equal(expected, target.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("*")]
    [InlineData("b:443")]
    [InlineData("/a#b")]
    [InlineData("/a?b#c")]
    [InlineData("/a%00")]
    [InlineData("/a\0")]
    [InlineData("/a b")]
    [InlineData("/a\u00e9")]
    [InlineData("/a%")]
    [InlineData("/a%2")]
    [InlineData("/a%zz")]
    [InlineData("/%%32e")]
    public void What_has_no_one_reading_is_refused(string sent) =>
        Assert.False(PathNormalizer.TryNormalize(sent, PathNormalizationMode.Base, out _));

    [Fact]
    public void Normalising_twice_is_normalising_once_and_leaves_no_dots() => Prop.ForAll(Targets(), sent =>
    {
        foreach (var mode in Enum.GetValues<PathNormalizationMode>())
        {
            if (!PathNormalizer.TryNormalize(sent, mode, out var once)) continue;
            Assert.True(PathNormalizer.TryNormalize(once.Text, mode, out var twice));
            Assert.Equal(once, twice);
            Assert.StartsWith("/", once.Path);
            if (mode is PathNormalizationMode.None) continue;
            Assert.DoesNotContain(once.Path.Split('/'), s => s is "." or "..");
            Assert.DoesNotContain('\\', once.Path);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_escape_is_kept_decoded_or_refused_as_documented()
    {
        for (var value = 0; value < 256; value++)
        {
            var escape = $"%{value:X2}";
            var accepted = PathNormalizer.TryNormalize($"/a{escape}b", PathNormalizationMode.Base, out var target);
            var unreserved = value < 128 && (char.IsAsciiLetterOrDigit((char)value) || "-._~".Contains((char)value));

            Assert.Equal(value != 0, accepted);
            if (accepted) Assert.Equal(unreserved ? $"/a{(char)value}b" : $"/a{escape}b", target.Path);
        }
    }

    private static Arbitrary<string> Targets() => Gen.Elements(
            "/", "/", "//", ".", "..", "%2e", "%2E%2e", "%2f", "%5C", "\\", "a", "b", "%41", "%25", "?", "%", "..a")
        .ArrayOf().Select(parts => "/" + string.Concat(parts)).ToArbitrary();
}
