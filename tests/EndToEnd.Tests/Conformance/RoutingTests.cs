namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>T01, T02 and T04 of the conformance cases.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class RoutingTests(ConformanceMesh mesh)
{
    private const string Subsets =
        "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}\n---\n";

    [Fact]
    public async Task T01_weights_are_relative_and_a_zero_weight_is_dropped()
    {
        await using var rules = await mesh.WithAsync(Subsets + Split(ghost: 0));

        var versions = await mesh.A.CountAsync("http://b/", 1000, a => a.Code == 200 ? a.Version : $"{a.Code}");

        Assert.Equal(1000, versions.GetValueOrDefault("v1") + versions.GetValueOrDefault("v2"));
        Assert.InRange(versions["v1"], 870, 930);
    }

    [Fact]
    public async Task T01_a_subset_that_does_not_exist_answers_503_for_its_share()
    {
        await using var rules = await mesh.WithAsync(Subsets + Split(ghost: 1));

        var codes = await mesh.A.CountAsync("http://b/", 1100, a => $"{a.Code}");

        Assert.InRange(codes.GetValueOrDefault("503"), 60, 140); // 1 of 11, three standard deviations around 100
        Assert.Equal(1100, codes.GetValueOrDefault("503") + codes["200"]);
    }

    [Theory]
    [InlineData("http://b/api/x", "jason", "v2")]
    [InlineData("http://b/apixyz", "jason", "v2")]
    [InlineData("http://b/api", null, "v1")]
    [InlineData("http://b/zzz?canary=1", null, "v2")]
    [InlineData("http://b/late", null, "v1")]
    public async Task T02_the_first_match_wins(string url, string? user, string version)
    {
        await using var rules = await mesh.WithAsync(Subsets + """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{match: [{headers: {end-user: {exact: jason}}, uri: {prefix: /api}}, {queryParams: {canary: {exact: "1"}}}], route: [{destination: {host: b, subset: v2}}]}, {match: [{uri: {prefix: /}}], route: [{destination: {host: b, subset: v1}}]}, {match: [{uri: {exact: /late}}], directResponse: {status: 418}}]}}
            """);

        var answer = user is null ? await mesh.A.GetAsync(url) : await mesh.A.GetAsync(url, ("end-user", user));

        Assert.Equal((200, version), (answer.Code, answer.Version));
    }

    [Fact]
    public async Task T04_a_request_that_no_route_matches_gets_404_and_goes_nowhere()
    {
        await using var rules = await mesh.WithAsync(Only("b"));

        Assert.Equal(200, (await mesh.A.GetAsync("http://b/only?key=t04")).Code);
        var other = await mesh.A.GetAsync("http://b/other?key=t04");

        Assert.Equal((404, ""), (other.Code, other.Body));
        Assert.Equal(1, await mesh.B1.SeenAsync("t04") + await mesh.B2.SeenAsync("t04"));
    }

    [Fact]
    public async Task T04_a_destination_that_does_not_exist_gets_503()
    {
        await using var rules = await mesh.WithAsync(Only("nope.app.svc.cluster.local"));

        Assert.Equal(503, (await mesh.A.GetAsync("http://b/only")).Code);
    }

    private static string Split(int ghost) =>
        $$$"""
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{route: [{destination: {host: b, subset: v1}, weight: 9}, {destination: {host: b, subset: v2}, weight: 1}, {destination: {host: b, subset: ghost}, weight: {{{ghost}}}}]}]}}
        """;

    private static string Only(string host) =>
        $$$"""
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{match: [{uri: {exact: /only}}], route: [{destination: {host: {{{host}}}}}]}]}}
        """;
}
