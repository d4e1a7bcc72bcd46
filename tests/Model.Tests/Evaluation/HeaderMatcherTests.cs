using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

public sealed class HeaderMatcherTests
{
    [Theory]
    [InlineData(":authority", nameof(StringMatchKind.Exact), "B.Example", true)]
    [InlineData("host", nameof(StringMatchKind.Exact), "B.Example", true)]
    [InlineData(":authority", nameof(StringMatchKind.Prefix), "B.", true)]
    [InlineData(":authority", nameof(StringMatchKind.Regex), "B\\.[A-Z]+", true)]
    [InlineData(":authority", nameof(StringMatchKind.Regex), "C\\..*", false)]
    [InlineData("x-name", nameof(StringMatchKind.Exact), "B.Example", false)] // what is no host has a case
    public void A_host_is_compared_without_regard_to_case(string name, string kind, string text, bool expected)
    {
        var value = Enum.Parse<StringMatchKind>(kind) switch
        {
            StringMatchKind.Exact => StringMatcher.Exact(text),
            StringMatchKind.Prefix => StringMatcher.Prefix(text),
            _ => StringMatcher.Regex(text),
        };
        var view = new TestView("/", ("x-name", "b.example")) { Authority = "b.example" };

        Assert.Equal(expected, HeaderMatcher.Of(name, value).Matches(in view));
    }
}
