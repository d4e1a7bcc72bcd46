using System.Collections.Frozen;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Limits in front of the workload (behaviour row 26), through the pair of sidecars.</summary>
public sealed class RateLimitTests
{
    [Fact]
    public async Task What_is_over_the_limit_gets_429_with_the_headers_and_the_flag()
    {
        await using var pair = await Pair.StartAsync(Limit(2, seconds: 10));

        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 3; i++) answers.Add(await pair.SendAsync());

        Assert.Equal([200, 200, 429], answers.Select(a => (int)a.StatusCode));
        Assert.Equal(["1", "0", "0"], answers.Select(a => Header(a, "RateLimit-Remaining")));
        Assert.Equal(["5", "10", "10"], answers.Select(a => Header(a, "RateLimit-Reset")));
        Assert.All(answers, a => Assert.Equal("2", Header(a, "RateLimit-Limit")));
        Assert.Equal(("5", "true"), (Header(answers[2], "Retry-After"), Header(answers[2], "x-envoy-ratelimited")));
        Assert.Equal("local_rate_limited", await answers[2].Content.ReadAsStringAsync());
        Assert.Equal(2, pair.App.Calls);
        await pair.Server.CountedAsync(1, 429, ResponseFlags.RateLimited);
        await pair.Server.ToldAsync("mesh_rate_limited_total{mode=\"enforced\"} 1");
    }

    [Fact]
    public async Task Tokens_come_back_steadily()
    {
        await using var pair = await Pair.StartAsync(Limit(2, seconds: 10));

        Assert.Equal([200, 200, 429], await pair.CodesAsync(3));
        pair.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([200, 429], await pair.CodesAsync(2));
        pair.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal([200, 200, 429], await pair.CodesAsync(3)); // no more than the bucket holds
    }

    [Fact]
    public async Task A_burst_of_its_own_is_what_may_come_at_once()
    {
        await using var pair = await Pair.StartAsync(Limit(10, seconds: 10) with { Burst = 1 });

        Assert.Equal([200, 429], await pair.CodesAsync(2));
        pair.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([200, 429], await pair.CodesAsync(2));
    }

    [Theory]
    [InlineData(RateLimitKeySource.Header, "x-user", "/", "/", "a", "b", 200)]
    [InlineData(RateLimitKeySource.Header, "x-user", "/", "/", "a", "a", 429)]
    [InlineData(RateLimitKeySource.Header, "x-user", "/", "/", null, null, 429)]
    [InlineData(RateLimitKeySource.Path, "", "/1", "/2", null, null, 200)]
    [InlineData(RateLimitKeySource.Path, "", "/1?a", "/1?b", null, null, 429)]
    [InlineData(RateLimitKeySource.Path, "", "/1", "/x/../1", null, null, 429)]
    [InlineData(RateLimitKeySource.Identity, "", "/1", "/2", null, null, 429)]
    public async Task Each_value_of_the_key_has_a_count_of_its_own(
        RateLimitKeySource source, string header, string first, string second, string? user, string? other, int expected)
    {
        await using var pair = await Pair.StartAsync(
            Limit(1, seconds: 10) with { Keys = [new RateLimitKeyModel(source, header)] });

        await pair.SendAsync(first, user);
        using var answer = await pair.SendAsync(second, other);

        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_limit_holds_for_the_requests_that_it_names_only()
    {
        var match = new RequestRule.UrlPath(StringMatcher.Prefix("/api"));
        await using var pair = await Pair.StartAsync(Limit(1, seconds: 10, match));

        using var api = await pair.SendAsync("/api/1");
        using var again = await pair.SendAsync("/api/2");
        using var other = await pair.SendAsync("/other");

        Assert.Equal([200, 429, 200], new[] { api, again, other }.Select(a => (int)a.StatusCode));
        Assert.Null(Header(other, "RateLimit-Limit"));
    }

    [Fact]
    public async Task Of_several_limits_the_tightest_is_told_and_each_of_them_refuses()
    {
        await using var pair = await Pair.StartAsync(Limit(5, seconds: 10), Limit(2, seconds: 20) with { Burst = 2 });

        using var first = await pair.SendAsync();

        Assert.Equal(("2", "1"), (Header(first, "RateLimit-Limit"), Header(first, "RateLimit-Remaining")));
        Assert.Equal([200, 429], await pair.CodesAsync(2));
    }

    [Fact]
    public async Task A_dry_run_refuses_nothing_and_counts_what_it_would_refuse()
    {
        await using var pair = await Pair.StartAsync(Limit(1, seconds: 10) with { IsDryRun = true });

        Assert.Equal([200, 200, 200], await pair.CodesAsync(3));

        Assert.Equal((2L, 0L), (pair.Server.Server.Metrics.RateLimitedDryRun, pair.Server.Server.Metrics.RateLimited));
    }

    [Fact]
    public async Task A_new_configuration_with_the_same_limit_goes_on_with_its_count()
    {
        await using var pair = await Pair.StartAsync(Limit(2, seconds: 10));

        await pair.SendAsync();
        pair.Apply(Limit(2, seconds: 10));
        Assert.Equal([200, 429], await pair.CodesAsync(2));
        pair.Apply(Limit(3, seconds: 10));

        Assert.Equal([200, 200, 200, 429], await pair.CodesAsync(4));
    }

    [Fact]
    public async Task Policy_comes_first()
    {
        var deny = Models.Rules(AuthorizationAction.Deny, new RequestRule.Always());
        await using var pair = await Pair.StartAsync(Limit(1, seconds: 10));
        pair.Apply(deny, Limit(1, seconds: 10));

        Assert.Equal([403, 403], await pair.CodesAsync(2));
    }

    private static RateLimitRuleModel Limit(int requests, int seconds, RequestRule? match = null) => new(
        new AuthorizationPolicyModel("limit", match ?? new RequestRule.Always(), new RequestRule.Always()),
        requests,
        TimeSpan.FromSeconds(seconds),
        requests,
        []);

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? Assert.Single(values) : null;

    /// <summary>A client's and a server's sidecar with an application behind it.</summary>
    private sealed class Pair : IAsyncDisposable
    {
        private Pair(TestProxy client, TestProxy server, EchoBackend app, ManualTimeProvider clock) =>
            (Client, Server, App, Clock) = (client, server, app, clock);

        public TestProxy Client { get; }

        public TestProxy Server { get; }

        public EchoBackend App { get; }

        public ManualTimeProvider Clock { get; }

        public static async Task<Pair> StartAsync(params RateLimitRuleModel[] limits)
        {
            var clock = new ManualTimeProvider(DateTimeOffset.UtcNow); // certificates are judged by it too
            var authority = new TestAuthority();
            var app = await EchoBackend.StartAsync("app");
            var server = await TestProxy.StartAsync(
                Model(app, AuthorizationModel.AllowAll, limits), authority.Identity("b"), clock);
            var client = await TestProxy.StartAsync(
                Models.Outbound(
                    Models.Table(Models.To("mesh")), Models.Mesh("mesh", server.InboundPort, authority.IdOf("b"))),
                authority.Identity("a"));
            return new Pair(client, server, app, clock);
        }

        public void Apply(params RateLimitRuleModel[] limits) => Apply(AuthorizationModel.AllowAll, limits);

        public void Apply(AuthorizationModel rules, params RateLimitRuleModel[] limits) =>
            Server.State.Apply(Model(App, rules, limits));

        public async Task<HttpResponseMessage> SendAsync(string path = "/", string? user = null)
        {
            var uri = new Uri($"http://b{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            if (user is not null) request.Headers.TryAddWithoutValidation("x-user", user);
            return await Client.Client.SendAsync(request);
        }

        public async Task<IEnumerable<int>> CodesAsync(int count)
        {
            var codes = new int[count];
            for (var i = 0; i < count; i++)
            {
                using var answer = await SendAsync();
                codes[i] = (int)answer.StatusCode;
            }

            return codes;
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync();
            await App.DisposeAsync();
        }

        private static ProxyModel Model(EchoBackend app, AuthorizationModel rules, RateLimitRuleModel[] limits)
        {
            var model = Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("in", app), rules);
            var port = model.Inbound[TestProxy.AppPort] with { RateLimits = [.. limits] };
            return model with { Inbound = new Dictionary<int, InboundPortModel> { [port.Port] = port }.ToFrozenDictionary() };
        }
    }
}
