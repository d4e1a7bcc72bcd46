using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

/// <summary>RE2's dialect on .NET's engine.</summary>
public sealed class Re2PatternTests
{
    [Theory]
    [InlineData(@"\pL+", "abc", "ab1")]
    [InlineData(@"[\pL_]+", "a_b", "a1")]
    [InlineData(@"\pN", "7", "x")]
    [InlineData(@"\PN", "x", "7")]
    [InlineData(@"\p{Lu}", "A", "a")]
    [InlineData(@"\p{^L}", "1", "a")]
    [InlineData(@"\P{^L}", "a", "1")]
    [InlineData(@"\x{41}\x42", "AB", "ab")]
    [InlineData(@"[\x{41}-\x{43}]", "B", "D")]
    [InlineData(@"\x{1F600}", "\U0001F600", "x")]
    [InlineData(@"\101\0", "A\0", "A0")]
    [InlineData(@"a\_b\-\.", "a_b-.", "a-b-.")]
    [InlineData(@"a\Cb", "a/b", "ab")]
    [InlineData("(?U)a+b", "aab", "b")]
    [InlineData("(?i-s)A.", "ab", "a\n")]
    [InlineData("(?m)a$\nb", "a\nb", "ab")]
    [InlineData("a$", "a", "a\n")]
    [InlineData("a{1000}", null, "a")]
    [InlineData("a{,5}", "a{,5}", "aa")]
    [InlineData("a{x", "a{x", "a")]
    [InlineData("(?P<n>a)(?<m>b)", "ab", "a")]
    [InlineData(@"\Q(?x)\E\d", "(?x)1", "(?x)a")]
    public void A_pattern_means_what_it_means_in_RE2(string pattern, string? matched, string other)
    {
        var regex = Re2Pattern.CompileFull(pattern);

        Assert.True(matched is null || regex.IsMatch(matched), $"does not match {matched}");
        Assert.False(regex.IsMatch(other), $"matches {other}");
    }

    [Theory]
    [InlineData("a{1001}")]
    [InlineData("a{2,1001}")]
    [InlineData("a{99999999999}")]
    [InlineData("(?x)a b")]
    [InlineData("(?n)a")]
    [InlineData("(?i-)a")]
    [InlineData("(?)a")]
    [InlineData(@"\p{IsGreek}")]
    [InlineData(@"\p{Greek}")] // RE2 has it, .NET no table for it
    [InlineData(@"\p")]
    [InlineData(@"\p{L")]
    [InlineData(@"\x{110000}")]
    [InlineData(@"\x4")]
    [InlineData(@"[\x{1F600}]")]
    [InlineData("(?P<n>a)(?P<n>b)")]
    [InlineData("(?<n-m>a)")]
    [InlineData("(?=a)")]
    [InlineData("(?<!a)")]
    [InlineData("(?>a)")]
    [InlineData("(?#a)")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\k<n>")]
    [InlineData(@"\e")]
    [InlineData(@"[\b]")]
    [InlineData(@"a\")]
    [InlineData("a)(b")]
    [InlineData("(a")]
    [InlineData("a**")]
    public void What_RE2_has_not_is_refused(string pattern) =>
        Assert.Throws<FormatException>(() => Re2Pattern.CompileFull(pattern));

    [Theory]
    [InlineData("(a+)(b*)", @"<\1>", "aab", "<aa>")]
    [InlineData("(?U)(a+)(b*)$", @"<\1>", "aab", "<aa>")]
    [InlineData("(?U)(a+)", @"<\1>", "aa", "<a><a>")]
    [InlineData("(?U)(a+?)", @"<\1>", "aa", "<aa>")]
    [InlineData("(?:(?U)(a+))(b)", @"\2\1", "aab", "baa")]
    [InlineData("(?P<n>a)(b)", @"\2\1$1\\\0", "ab", @"ba$1\ab")]
    public void A_substitution_names_groups_as_they_stand(string pattern, string rewrite, string text, string expected)
    {
        var regex = Re2Pattern.CompileSearch(pattern);

        Assert.Equal(expected, regex.Replace(text, Re2Pattern.Substitution(rewrite, regex)));
    }

    [Theory]
    [InlineData("a", @"\1")]
    [InlineData("(a)", @"\2")]
    [InlineData("(?:a)(b)", @"/X\2Y")]
    [InlineData("(a)", @"\x")]
    [InlineData("(a)", @"\")]
    public void A_substitution_names_no_group_that_is_not_there(string pattern, string rewrite) =>
        Assert.Throws<FormatException>(() => Re2Pattern.Substitution(rewrite, Re2Pattern.CompileSearch(pattern)));
}
