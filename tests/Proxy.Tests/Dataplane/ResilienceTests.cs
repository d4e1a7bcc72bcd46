using System.Diagnostics;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class ResilienceTests
{
    private static readonly RetryPolicyModel IstioDefault =
        new RetryPolicyModel { Attempts = 2, AvoidPreviousHosts = true }
            .WithConditions("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes");

    private static readonly RetryPolicyModel On503 = new RetryPolicyModel { Attempts = 3 }.WithConditions("503");

    [Fact]
    public async Task A_numeric_retry_code_is_tried_four_times_and_flagged_URX()
    {
        await using var backend = await EchoBackend.AlwaysAsync(503);
        await using var proxy = await StartAsync(Models.Forward("c") with { Retry = On503 }, Models.Cluster("c", backend));

        var (status, _) = await proxy.GetAsync("http://b/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(["1", "2", "3", "4"], backend.Requests.Select(r => r.Headers["x-envoy-attempt-count"]));
        await proxy.CountedAsync(1, 503, ResponseFlags.RetriesExhausted);
    }

    [Fact]
    public async Task The_body_is_sent_again_with_every_try()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = async (context, call) =>
        {
            if (call < 3) context.Response.StatusCode = 503;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        };
        await using var proxy = await StartAsync(Models.Forward("c") with { Retry = On503 }, Models.Cluster("c", backend));
        var text = new string('x', 60_000);

        using var response = await proxy.Client.PostAsync("http://b/", new StringContent(text));

        Assert.Equal((HttpStatusCode.OK, 3), (response.StatusCode, backend.Calls));
        Assert.Equal(text, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_beyond_the_bound_is_sent_once()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = async (context, _) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = 503;
        };
        await using var proxy = await StartAsync(Models.Forward("c") with { Retry = On503 }, Models.Cluster("c", backend));

        using var response = await proxy.Client.PostAsync("http://b/", new ByteArrayContent(new byte[200_000]));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (response.StatusCode, backend.Calls));
    }

    [Fact]
    public async Task The_default_policy_does_not_retry_503()
    {
        await using var backend = await EchoBackend.AlwaysAsync(503);
        await using var proxy = await StartAsync(Models.Forward("c") with { Retry = IstioDefault }, Models.Cluster("c", backend));

        var (status, _) = await proxy.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (status, backend.Calls));
    }

    [Fact]
    public async Task An_endpoint_that_refuses_connections_is_not_noticed_with_retries_and_is_UF_without()
    {
        await using var backend = await EchoBackend.StartAsync();
        var cluster = Models.Cluster("c", backend.Port, ClosedPort.Next());
        await using var proxy = await StartAsync(Models.Forward("c") with { Retry = IstioDefault }, cluster);

        for (var i = 0; i < 200; i++) Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
        proxy.State.Apply(Models.Outbound(Models.Table(Models.To("c")), cluster with { LoadBalancing = LoadBalancing.RoundRobin }));
        var plain = new List<(HttpStatusCode Status, string Body)>();
        for (var i = 0; i < 10; i++) plain.Add(await proxy.GetAsync("http://b/"));

        Assert.Equal(5, plain.Count(p => p.Status == HttpStatusCode.ServiceUnavailable));
        Assert.Contains("reset reason: connection failure", plain.First(p => p.Status != HttpStatusCode.OK).Body);
        await proxy.CountedAsync(5, 503, ResponseFlags.UpstreamConnectFailure);
    }

    [Fact]
    public async Task The_timeout_covers_all_tries()
    {
        await using var backend = await EchoBackend.StartAsync();
        var retry = new RetryPolicyModel { Attempts = 3, PerTryTimeout = TimeSpan.FromMilliseconds(400) }.WithConditions("5xx");
        await using var proxy = await StartAsync(
            Models.Forward("c") with { Retry = retry, Timeout = TimeSpan.FromSeconds(1) }, Models.Cluster("c", backend));
        await proxy.GetAsync("http://b/"); // connects, so that only the backend's slowness is measured
        backend.Answer = (context, _) => Task.Delay(TimeSpan.FromSeconds(5), context.RequestAborted);
        var time = Stopwatch.StartNew();

        var answer = await proxy.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.GatewayTimeout, "upstream request timeout"), answer);
        Assert.InRange(time.Elapsed.TotalSeconds, 0.9, 1.55);
        Assert.InRange(backend.Calls - 1, 2, 3);
        await proxy.CountedAsync(1, 504, ResponseFlags.UpstreamTimeout);
    }

    [Fact]
    public async Task An_injected_delay_is_not_cut_by_the_timeout()
    {
        await using var backend = await EchoBackend.StartAsync();
        var route = Models.To(Models.Forward("c") with { Timeout = TimeSpan.FromMilliseconds(300) }) with
        {
            Fault = new FaultModel { DelayShare = Fraction.All, Delay = TimeSpan.FromMilliseconds(800) },
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(route), Models.Cluster("c", backend)));
        var time = Stopwatch.StartNew();

        var (status, _) = await proxy.GetAsync("http://b/");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(time.Elapsed >= TimeSpan.FromMilliseconds(780), $"took {time.Elapsed}");
        await proxy.CountedAsync(1, 200, ResponseFlags.DelayInjected);
    }

    [Fact]
    public async Task An_injected_abort_comes_after_the_delay_and_does_not_reach_the_backend()
    {
        await using var backend = await EchoBackend.StartAsync();
        var route = Models.To(Models.Forward("c") with { Retry = On503 }) with
        {
            Fault = new FaultModel
            {
                DelayShare = Fraction.All, Delay = TimeSpan.FromMilliseconds(200), AbortShare = Fraction.All, AbortHttpStatus = 418,
            },
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(route), Models.Cluster("c", backend)));

        var answer = await proxy.GetAsync("http://b/");

        Assert.Equal(((HttpStatusCode)418, "fault filter abort"), answer);
        Assert.Equal(0, backend.Calls);
        await proxy.CountedAsync(1, 418, ResponseFlags.DelayInjected | ResponseFlags.FaultInjected);
    }

    [Fact]
    public async Task A_gRPC_abort_is_a_gRPC_status()
    {
        var route = Models.To("c") with { Fault = new FaultModel { AbortShare = Fraction.All, AbortGrpcStatus = 14 } };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(route)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://b/pkg.Svc/Call") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new("application/grpc");

        using var response = await proxy.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("14", Assert.Single(response.Headers.GetValues("grpc-status")));
    }

    [Fact]
    public async Task What_is_over_the_pending_limit_is_refused_at_once()
    {
        await using var backend = await EchoBackend.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        backend.Answer = (_, _) => release.Task;
        var cluster = Models.Cluster("c", backend) with { Limits = new CircuitLimits(MaxConnections: 1, MaxPendingRequests: 1) };
        await using var proxy = await StartAsync(Models.Forward("c") with { Retry = IstioDefault }, cluster);

        var calls = Enumerable.Range(0, 5).Select(_ => proxy.Client.GetAsync("http://b/")).ToList();
        var refused = new List<HttpResponseMessage>();
        while (refused.Count < 3)
        {
            var done = await Task.WhenAny(calls).WaitAsync(TimeSpan.FromSeconds(10));
            calls.Remove(done);
            refused.Add(await done);
        }

        release.SetResult();
        var served = await Task.WhenAll(calls);

        Assert.All(refused, r => Assert.Equal(HttpStatusCode.ServiceUnavailable, r.StatusCode));
        Assert.All(refused, r => Assert.Equal("true", Assert.Single(r.Headers.GetValues("x-envoy-overloaded"))));
        Assert.All(served, r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
        await proxy.CountedAsync(3, 503, ResponseFlags.UpstreamOverflow);
        Assert.Equal(3, proxy.State.Current.Clusters["c"].State.Breaker.Overflows);
    }

    [Fact]
    public async Task A_failing_endpoint_is_ejected_and_taken_back()
    {
        var clock = new ManualTimeProvider();
        await using var good = await EchoBackend.StartAsync();
        await using var bad = await EchoBackend.AlwaysAsync(500);
        var cluster = Models.Cluster("c", good, bad) with
        {
            LoadBalancing = LoadBalancing.RoundRobin,
            Outlier = new OutlierModel { Consecutive5xx = 3, MaxEjectionPercent = 50, BaseEjectionTime = TimeSpan.FromSeconds(30) },
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To("c")), cluster), clock: clock);

        for (var i = 0; i < 6; i++) await proxy.GetAsync("http://b/");
        var atEjection = bad.Calls;
        for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
        clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 2; i++) await proxy.GetAsync("http://b/");

        Assert.Equal((3, 4), (atEjection, bad.Calls));
    }

    [Fact]
    public async Task An_endpoint_that_lets_a_request_run_into_its_timeout_has_failed()
    {
        await using var good = await EchoBackend.StartAsync();
        await using var silent = await EchoBackend.StartAsync();
        silent.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var cluster = Models.Cluster("c", good, silent) with
        {
            LoadBalancing = LoadBalancing.RoundRobin,
            Outlier = new OutlierModel { Consecutive5xx = 1, MaxEjectionPercent = 50 },
        };
        await using var proxy = await StartAsync(Models.Forward("c") with { Timeout = TimeSpan.FromMilliseconds(500) }, cluster);

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++) statuses.Add((await proxy.GetAsync("http://b/")).Status);

        Assert.Single(statuses, HttpStatusCode.GatewayTimeout);
        Assert.Equal(7, statuses.Count(s => s is HttpStatusCode.OK));
    }

    [Fact]
    public async Task Ten_percent_of_three_endpoints_ejects_nobody_unless_one_always_may_be()
    {
        await using var bad = await EchoBackend.AlwaysAsync(500);
        await using var good = await EchoBackend.StartAsync("good");
        await using var better = await EchoBackend.StartAsync("better");
        var cluster = Models.Cluster("c", bad, good, better) with
        {
            LoadBalancing = LoadBalancing.RoundRobin,
            Outlier = new OutlierModel { Consecutive5xx = 1, MaxEjectionPercent = 10 },
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To("c")), cluster));

        for (var i = 0; i < 9; i++) await proxy.GetAsync("http://b/");
        var inert = bad.Calls;
        var always = cluster with { Outlier = cluster.Outlier with { AlwaysEjectOneHost = true } };
        proxy.State.Apply(Models.Outbound(Models.Table(Models.To("c")), always));
        for (var i = 0; i < 9; i++) await proxy.GetAsync("http://b/");

        Assert.Equal(3, inert);
        Assert.Equal(4, bad.Calls);
    }

    [Fact]
    public async Task All_endpoints_ejected_is_503_UH()
    {
        await using var bad = await EchoBackend.AlwaysAsync(500);
        var cluster = Models.Cluster("c", bad) with { Outlier = new OutlierModel { Consecutive5xx = 1, MaxEjectionPercent = 100 } };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To("c")), cluster));

        await proxy.GetAsync("http://b/");
        var answer = await proxy.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "no healthy upstream"), answer);
        await proxy.CountedAsync(1, 503, ResponseFlags.NoHealthyUpstream);
    }

    [Fact]
    public async Task A_connection_that_breaks_is_UC()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await using var proxy = await StartAsync(Models.Forward("c") with { Retry = IstioDefault }, Models.Cluster("c", backend));

        var (status, body) = await proxy.GetAsync("http://b/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("reset reason: connection termination", body);
        await proxy.CountedAsync(1, 503, ResponseFlags.UpstreamReset);
    }

    [Fact]
    public async Task Traffic_fails_over_to_the_next_priority()
    {
        await using var far = await EchoBackend.StartAsync("far");
        var cluster = Models.Cluster("c", ClosedPort.Next(), far.Port);
        cluster = cluster with
        {
            Endpoints =
            [
                cluster.Endpoints[0] with { Health = EndpointHealth.Unhealthy },
                cluster.Endpoints[1] with { Priority = 1 },
            ],
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To("c")), cluster));

        Assert.Equal((HttpStatusCode.OK, "far"), await proxy.GetAsync("http://b/"));
    }

    [Fact]
    public async Task Requests_per_connection_are_limited()
    {
        await using var backend = await EchoBackend.StartAsync();
        var connections = new HashSet<string>();
        backend.Answer = (context, _) =>
        {
            lock (connections) connections.Add(context.Connection.Id);
            return Task.CompletedTask;
        };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend) with { Connection = new() { MaxRequests = 2 } }));

        for (var i = 0; i < 6; i++) await proxy.GetAsync("http://b/");

        Assert.Equal(3, connections.Count);
    }

    private static Task<TestProxy> StartAsync(RouteAction.Forward forward, ClusterModel cluster) =>
        TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To(forward)), cluster));
}
