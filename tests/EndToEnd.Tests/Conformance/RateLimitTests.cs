namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>The kind RateLimit (behaviour row 26), enforced in front of the workload.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class RateLimitTests(ConformanceMesh mesh)
{
    [Fact]
    public async Task Every_identity_has_a_count_of_its_own_and_what_is_over_it_gets_429_and_is_not_tried_again()
    {
        await using var rules = await mesh.WithAsync("""
            {apiVersion: mesh.orleans.io/v1, kind: RateLimit, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, rules: [{to: [{operation: {paths: ["/limited*"]}}], requests: 3, interval: 1h, keys: [{identity: true}]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: c, namespace: app}, spec: {hosts: [c], http: [{retries: {attempts: 3, retryOn: "429"}, route: [{destination: {host: c}}]}]}}
            """);

        var answers = new List<Answer>();
        for (var i = 0; i < 5; i++) answers.Add(await mesh.A.GetAsync("http://c/limited?key=rl"));
        var other = await mesh.O.GetAsync("http://c.app/limited");
        var free = await mesh.A.GetAsync("http://c/free");

        Assert.Equal([200, 200, 200, 429, 429], answers.Select(a => a.Code));
        Assert.Equal(["2", "1", "0", "0", "0"], answers.Select(a => a.Headers["ratelimit-remaining"]));
        Assert.All(answers, a => Assert.Equal("3", a.Headers["ratelimit-limit"]));
        Assert.Equal(("true", "local_rate_limited"), (answers[^1].Headers["x-envoy-ratelimited"], answers[^1].Body));
        Assert.InRange(int.Parse(answers[^1].Headers["retry-after"]), 1, 1200);
        Assert.InRange(int.Parse(answers[^1].Headers["ratelimit-reset"]), 1, 3600);
        Assert.Equal(3, await mesh.C.SeenAsync("rl"));
        Assert.Equal((200, "2"), (other.Code, other.Headers["ratelimit-remaining"]));
        Assert.Equal((200, false), (free.Code, free.Headers.ContainsKey("ratelimit-limit")));
    }

    [Fact]
    public async Task A_dry_run_refuses_nothing()
    {
        await using var rules = await mesh.WithAsync("""
            {apiVersion: mesh.orleans.io/v1, kind: RateLimit, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, dryRun: true, rules: [{requests: 1, interval: 1h}]}}
            """);

        var codes = await mesh.A.CountAsync("http://c/", 10, a => $"{a.Code}");

        Assert.Equal(10, codes["200"]);
    }
}
