using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Routing.GatewayApi;

namespace MeshOrleans.Model.Tests.Routing.GatewayApi;

/// <summary>What becomes of a path: the table of the Gateway API, and what it leaves open.</summary>
public sealed class PathFilterTests
{
    [Theory]
    [InlineData("/foo", "/xyz", "/foo/bar", "/xyz/bar")]
    [InlineData("/foo", "/xyz/", "/foo/bar", "/xyz/bar")]
    [InlineData("/foo/", "/xyz", "/foo/bar", "/xyz/bar")]
    [InlineData("/foo/", "/xyz/", "/foo/bar", "/xyz/bar")]
    [InlineData("/foo", "/xyz", "/foo", "/xyz")]
    [InlineData("/foo", "/xyz", "/foo/", "/xyz/")]
    [InlineData("/foo", "", "/foo/bar", "/bar")]
    [InlineData("/foo", "", "/foo/", "/")]
    [InlineData("/foo", "", "/foo", "/")]
    [InlineData("/foo", "/", "/foo/bar", "/bar")]
    [InlineData("/foo", "/", "/foo/", "/")]
    [InlineData("/foo", "/", "/foo", "/")]
    [InlineData("/", "/xyz", "/bar", "/xyz/bar")]
    [InlineData("/", "/", "/bar", "/bar")]
    [InlineData("/a.b", "/$1\\", "/a.b/c", "/$1\\/c")]
    public void A_prefix_is_replaced_by_segments(string prefix, string replacement, string path, string expected) =>
        Assert.Equal(expected, Rewritten(new PathChange(true, replacement), prefix, path));

    [Theory]
    [InlineData("/fixed", "/fixed")]
    [InlineData("", "/")]
    public void A_whole_path_is_replaced_whatever_was_matched(string replacement, string expected) =>
        Assert.Equal(expected, Rewritten(new PathChange(false, replacement), "/foo", "/foo/bar"));

    private static string Rewritten(PathChange change, string prefix, string path)
    {
        var route = PathFilters.Apply(
            new HttpRoute(), [new RequestFilter.Rewrite("", change)], StringMatch.PathPrefix(prefix));
        var regex = route.Rewrite!.UriRegexRewrite!;
        return new PathRewrite.OfRegex(regex.Match, regex.Rewrite)
            .Apply(path, new PathMatcher(PathMatchKind.SegmentPrefix, prefix.TrimEnd('/')));
    }
}
