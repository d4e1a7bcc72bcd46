using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Which failures are tried again, how often, where, and what it says of those that are not (rows 11, 12).</summary>
public sealed class RetryTests
{
    private static readonly RetryPolicyModel On503 =
        new RetryPolicyModel { Attempts = 3, BackoffBase = TimeSpan.FromMilliseconds(1) }.WithConditions("503");

    private static readonly RetryPolicyModel Inbound =
        new RetryPolicyModel { Attempts = 2 }.WithConditions("reset-before-request");

    [Fact]
    public async Task Retries_beyond_the_limit_of_the_cluster_are_not_made_and_flagged_UO()
    {
        await using var backend = await EchoBackend.AlwaysAsync(503);
        var cluster = Models.Cluster("c", backend) with { Limits = new CircuitLimits(MaxRetries: 0) };
        await using var proxy = await StartAsync(On503, cluster);

        var (status, _) = await proxy.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (status, backend.Calls));
        await proxy.CountedAsync(1, 503, ResponseFlags.UpstreamOverflow);
    }

    [Fact]
    public async Task A_retry_counts_as_one_until_it_is_answered()
    {
        await using var backend = await EchoBackend.StartAsync();
        var isRetried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        backend.Answer = async (context, call) =>
        {
            var isFirstTry = context.Request.Headers["x-envoy-attempt-count"] == "1";
            context.Response.StatusCode = isFirstTry ? 503 : 200;
            if (isFirstTry) return;
            isRetried.TrySetResult();
            await release.Task;
        };
        var cluster = Models.Cluster("c", backend) with { Limits = new CircuitLimits(MaxRetries: 1) };
        await using var proxy = await StartAsync(On503, cluster);

        var first = proxy.GetAsync("http://b/");
        await isRetried.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var second = await proxy.GetAsync("http://b/");
        release.SetResult();
        var third = await first.ContinueWith(_ => proxy.GetAsync("http://b/"), TaskScheduler.Default).Unwrap();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.Status); // the one retry is in flight
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), ((await first).Status, third.Status));
    }

    [Theory]
    [InlineData(20, 3, 100, 20)]
    [InlineData(20, 3, 10, 3)]
    [InlineData(0, 0, 100, 0)]
    [InlineData(12.5, 1, 20, 2)]
    public void A_budget_is_a_share_of_what_is_in_flight_but_never_less_than_its_minimum(
        double percent, long minimum, long active, long expected) =>
        Assert.Equal(expected, new RetryBudgetModel(percent, minimum).Most(active));

    [Fact]
    public async Task A_budget_takes_the_place_of_the_limit()
    {
        await using var backend = await EchoBackend.AlwaysAsync(503);
        var limits = new CircuitLimits(MaxRetries: 100) { RetryBudget = new RetryBudgetModel(0, 0) };
        await using var proxy = await StartAsync(On503, Models.Cluster("c", backend) with { Limits = limits });

        await proxy.GetAsync("http://b/");

        Assert.Equal(1, backend.Calls);
        await proxy.CountedAsync(1, 503, ResponseFlags.UpstreamOverflow);
    }

    [Fact]
    public async Task After_two_tries_in_one_priority_the_next_is_tried()
    {
        await using var near = await EchoBackend.AlwaysAsync(503);
        await using var nearToo = await EchoBackend.AlwaysAsync(503);
        await using var far = await EchoBackend.StartAsync("far");
        var cluster = Models.Cluster("c", near, nearToo, far);
        cluster = cluster with { Endpoints = cluster.Endpoints.SetItem(2, cluster.Endpoints[2] with { Priority = 1 }) };
        await using var proxy = await StartAsync(On503 with { OtherPrioritiesAfter = 2 }, cluster);

        var answer = await proxy.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.OK, "far"), answer);
        Assert.Equal((2, 1), (near.Calls + nearToo.Calls, far.Calls));
    }

    [Fact]
    public async Task Where_every_priority_was_tried_all_of_them_are_tried_again()
    {
        await using var only = await EchoBackend.AlwaysAsync(503);
        await using var proxy = await StartAsync(On503 with { OtherPrioritiesAfter = 1 }, Models.Cluster("c", only));

        await proxy.GetAsync("http://b/");

        Assert.Equal(4, only.Calls);
    }

    [Theory]
    [InlineData("503", 1)]
    [InlineData("5xx", 1)]
    [InlineData("503,envoy-ratelimited", 4)]
    public async Task What_a_rate_limiter_has_refused_is_sent_again_only_where_that_is_asked_for(string retryOn, int calls)
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers["x-envoy-ratelimited"] = "true";
            return Task.CompletedTask;
        };
        await using var proxy = await StartAsync(
            new RetryPolicyModel { Attempts = 3 }.WithConditions(retryOn), Models.Cluster("c", backend));

        await proxy.GetAsync("http://b/");

        Assert.Equal(calls, backend.Calls);
    }

    [Fact]
    public async Task A_body_is_remembered_up_to_the_limit_of_the_host()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = async (context, _) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = 503;
        };
        var host = new VirtualHostModel("b:80", ["b"], [Models.To(Models.Forward("c") with { Retry = On503 })]) { BodyLimit = 100 };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(new RouteTableModel("80", [host]), Models.Cluster("c", backend)));

        using var small = await proxy.Client.PostAsync("http://b/", new ByteArrayContent(new byte[100]));
        var afterSmall = backend.Calls;
        using var large = await proxy.Client.PostAsync("http://b/", new ByteArrayContent(new byte[101]));

        Assert.Equal((4, 5), (afterSmall, backend.Calls));
        await proxy.CountedAsync(1, 503, ResponseFlags.None); // no retry was possible any more
    }

    [Fact]
    public async Task An_endpoint_without_a_connection_is_tried_again_with_the_body_although_none_of_it_is_remembered()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = (context, _) => context.Request.Body.CopyToAsync(context.Response.Body);
        var cluster = Models.Cluster("c", ClosedPort.Next(), backend.Port) with { LoadBalancing = LoadBalancing.RoundRobin };
        await using var proxy = await StartAsync(Inbound, cluster);
        var text = new string('x', 300_000);

        for (var i = 0; i < 4; i++)
        {
            using var response = await proxy.Client.PostAsync("http://b/", new StringContent(text));
            Assert.Equal((HttpStatusCode.OK, text), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        }
    }

    [Fact]
    public async Task A_request_that_was_sent_is_not_sent_again_for_the_sake_of_a_reset()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await using var proxy = await StartAsync(Inbound, Models.Cluster("c", backend));

        using var response = await proxy.Client.PostAsync("http://b/", new StringContent("x"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (response.StatusCode, backend.Calls));
        await proxy.CountedAsync(1, 503, ResponseFlags.UpstreamReset);
    }

    private static Task<TestProxy> StartAsync(RetryPolicyModel retry, ClusterModel cluster) =>
        TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To(Models.Forward("c") with { Retry = retry })), cluster));
}
