using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class AffinityTests
{
    [Theory]
    [InlineData(LoadBalancing.RingHash)]
    [InlineData(LoadBalancing.Maglev)]
    public async Task A_header_leads_to_the_same_endpoint_through_whatever_proxy(LoadBalancing policy)
    {
        await using var backends = await ThreeAsync();
        await using var one = await backends.BehindAsync(policy, new(HashSource.Header, "x-user"));
        await using var other = await backends.BehindAsync(policy, new(HashSource.Header, "x-user"));

        for (var user = 0; user < 20; user++)
        {
            var answers = new HashSet<string>();
            for (var i = 0; i < 3; i++)
            {
                answers.Add((await one.GetAsync("http://b/", ("x-user", $"u{user}"))).Body);
                answers.Add((await other.GetAsync("http://b/", ("x-user", $"u{user}"))).Body);
            }

            Assert.Single(answers);
        }

        Assert.All(backends.All, b => Assert.True(b.Calls > 0));
    }

    [Fact]
    public async Task Without_the_header_everybody_gets_some()
    {
        await using var backends = await ThreeAsync();
        await using var proxy = await backends.BehindAsync(LoadBalancing.RingHash, new(HashSource.Header, "x-user"));

        for (var i = 0; i < 60; i++) await proxy.GetAsync("http://b/");

        Assert.All(backends.All, b => Assert.True(b.Calls > 0));
    }

    [Fact]
    public async Task A_client_keeps_its_endpoint_by_the_cookie_that_it_was_given()
    {
        await using var backends = await ThreeAsync();
        var policy = new HashPolicyModel(HashSource.Cookie, "sticky") { CookieLifetime = TimeSpan.FromSeconds(60), CookiePath = "/" };
        await using var proxy = await backends.BehindAsync(LoadBalancing.RingHash, policy);

        using var first = await proxy.Client.GetAsync("http://b/");
        var cookie = Assert.Single(first.Headers.GetValues("set-cookie"));
        var endpoint = await first.Content.ReadAsStringAsync();
        Assert.Matches("^sticky=[0-9a-f]{16}; Max-Age=60; Path=/; HttpOnly$", cookie);
        for (var i = 0; i < 10; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://b/");
            request.Headers.Add("cookie", cookie.Split(';')[0]);
            using var next = await proxy.Client.SendAsync(request);

            Assert.Equal(endpoint, await next.Content.ReadAsStringAsync());
            Assert.False(next.Headers.Contains("set-cookie"));
        }
    }

    [Fact]
    public async Task A_cookie_that_the_application_sets_stays_beside_ours()
    {
        await using var backends = await ThreeAsync();
        foreach (var backend in backends.All)
        {
            backend.Answer = (context, _) =>
            {
                context.Response.Headers.SetCookie = "own=1";
                return Task.CompletedTask;
            };
        }

        await using var proxy = await backends.BehindAsync(
            LoadBalancing.Maglev, new(HashSource.Cookie, "sticky") { CookieLifetime = TimeSpan.Zero });

        using var response = await proxy.Client.GetAsync("http://b/");

        var cookies = response.Headers.GetValues("set-cookie").ToList();
        Assert.Equal(2, cookies.Count);
        Assert.Equal("own=1", cookies[0]);
        Assert.StartsWith("sticky=", cookies[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_endpoints_key_is_retried_where_the_key_belongs()
    {
        await using var backends = await ThreeAsync();
        foreach (var backend in backends.All)
        {
            backend.Answer = (context, _) =>
            {
                context.Response.StatusCode = 503;
                return Task.CompletedTask;
            };
        }

        // Without the predicate that avoids them, as the control plane sends it for hashed routes.
        var retry = new RetryPolicyModel { Attempts = 3 }.WithConditions("503");
        await using var proxy = await backends.BehindAsync(LoadBalancing.RingHash, new(HashSource.QueryParameter, "u"), retry);

        var (status, _) = await proxy.GetAsync("http://b/?u=1");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(4, Assert.Single(backends.All, b => b.Calls > 0).Calls);
    }

    private static async Task<Backends> ThreeAsync() => new(
        [await EchoBackend.StartAsync("one"), await EchoBackend.StartAsync("two"), await EchoBackend.StartAsync("three")]);

    private sealed record Backends(EchoBackend[] All) : IAsyncDisposable
    {
        public Task<TestProxy> BehindAsync(LoadBalancing policy, HashPolicyModel hash, RetryPolicyModel? retry = null)
        {
            var route = Models.To(Models.Forward("c") with { HashPolicies = [hash], Retry = retry });
            return TestProxy.StartAsync(
                Models.Outbound(Models.Table(route), Models.Cluster("c", All) with { LoadBalancing = policy }));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var backend in All) await backend.DisposeAsync();
        }
    }
}
