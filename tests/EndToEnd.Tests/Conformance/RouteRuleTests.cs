using System.Text.Json;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>T12, T14 and T15 of the conformance cases.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class RouteRuleTests(ConformanceMesh mesh)
{
    private const string Api = "apiVersion: networking.istio.io/v1, kind: VirtualService";

    [Theory]
    [InlineData("", 100, 100)]
    [InlineData(", mirrorPercentage: {value: 0}", 0, 0)]
    [InlineData(", mirrorPercentage: {value: 50}", 25, 75)]
    public async Task T12_a_share_of_the_requests_is_copied_with_body_and_nobody_notices(string share, int least, int most)
    {
        await using var rules = await mesh.WithAsync(
            $$$"""{{{{Api}}}, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{route: [{destination: {host: b}}], mirror: {host: c}{{{share}}}}]}}""");
        var key = $"t12-{most}";

        for (var i = 0; i < 100; i++)
        {
            using var answer = await mesh.A.Client.PostAsync($"http://b/?key={key}&codes=500", new StringContent("copied"));
            Assert.Equal("b", answer.Headers.GetValues("x-echo-service").Single());
        }

        Assert.Equal(100, await mesh.B1.SeenAsync(key) + await mesh.B2.SeenAsync(key));
        var seen = await SettledCountAsync(key, least);
        Assert.InRange(seen, least, most);
    }

    [Theory]
    [InlineData("http://b/api/v2/x", "c")]
    [InlineData("http://b/else", "b")]
    [InlineData("http://b/api/v1", "b")]
    public async Task T14_a_delegates_routes_count_within_the_roots_match(string url, string service)
    {
        await mesh.A.GetAsync("http://c/"); // the first call of a process may take longer than the route's timeout
        await using var rules = await mesh.WithAsync(Delegation);

        var answer = await mesh.A.GetAsync(url);

        Assert.Equal((200, service), (answer.Code, answer.Headers.GetValueOrDefault("x-echo-service", answer.Body)));
    }

    [Fact]
    public async Task T14_a_delegates_route_inherits_the_timeout()
    {
        await using var rules = await mesh.WithAsync(Delegation);

        var answer = await mesh.A.GetAsync("http://b/api/v2/slow?delay=20s");

        Assert.Equal((504, "upstream request timeout"), (answer.Code, answer.Body));
    }

    [Fact]
    public async Task T14_a_delegate_alone_has_no_effect()
    {
        await using var rules = await mesh.WithAsync(
            $$$"""{{{{Api}}}, metadata: {name: child, namespace: app}, spec: {http: [{directResponse: {status: 418}}]}}""");

        Assert.Equal(200, (await mesh.A.GetAsync("http://b/")).Code);
    }

    [Fact]
    public async Task T15_of_two_for_one_host_the_oldest_counts_and_both_are_told()
    {
        await using var first = await mesh.WithAsync(
            $$$"""{{{{Api}}}, metadata: {name: first, namespace: app}, spec: {hosts: [b], http: [{match: [{uri: {prefix: /one}}], route: [{destination: {host: b}}]}]}}""");
        const string Second =
            $$$"""{{{{Api}}}, metadata: {name: a-second, namespace: app}, spec: {hosts: [b], http: [{route: [{destination: {host: c}}]}]}}""";

        var told = await mesh.ControlPlane.ApplyAsync(Second);
        await mesh.SettledAsync();
        var (one, two) = (await mesh.A.GetAsync("http://b/one"), await mesh.A.GetAsync("http://b/two"));
        await mesh.ControlPlane.DeleteAsync("VirtualService", "app", "a-second");

        Assert.Equal((200, "b"), (one.Code, one.Headers["x-echo-service"]));
        Assert.Equal((404, ""), (two.Code, two.Body));
        Assert.Equal(
            [("VirtualService/app/a-second", "IST0109"), ("VirtualService/app/first", "IST0109")],
            told.GetProperty("warnings").EnumerateArray().Select(w => (Text(w, "resource"), Text(w, "code"))).Order());
        Assert.All(
            told.GetProperty("warnings").EnumerateArray(), w => Assert.Equal("warning", Text(w, "severity")));
    }

    private const string Delegation =
        $$$"""
        {{{{Api}}}, metadata: {name: root, namespace: app}, spec: {hosts: [b], http: [{name: r, match: [{uri: {prefix: /api}}], timeout: 5s, delegate: {name: child, namespace: other}}, {route: [{destination: {host: b}}]}]}}
        ---
        {{{{Api}}}, metadata: {name: child, namespace: other}, spec: {http: [{name: ok, match: [{uri: {prefix: /api/v2}}], route: [{destination: {host: c.app.svc.cluster.local}}]}, {name: bad, match: [{uri: {prefix: /else}}], route: [{destination: {host: d}}]}]}}
        """;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    // Copies are sent by the way: they may arrive after the answer.
    private async Task<int> SettledCountAsync(string key, int least)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var (seen, before) = (await mesh.C.SeenAsync(key), -1);
        while (seen < least || seen != before)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
            (before, seen) = (seen, await mesh.C.SeenAsync(key));
        }

        return seen;
    }
}
