using System.Net;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Whom requests of lanes are sent to, and what is said in them (behaviour 2.16).</summary>
public sealed class LaneTests
{
    private const string Mark = "mesh.lane=blue";

    private static readonly LaneModel Blue = new("blue")
    {
        Entries = [new RouteMatchModel { Headers = [HeaderMatcher.OfPresence("x-blue")] }],
    };

    private static readonly RetryPolicyModel Default = new RetryPolicyModel
    {
        Attempts = 2,
        AvoidPreviousHosts = true,
        HostSelectionAttempts = 5,
        BackoffBase = TimeSpan.FromMilliseconds(1),
    }.WithConditions("connect-failure,503");

    [Theory]
    [InlineData("", "base")]
    [InlineData("baggage: mesh.lane=blue", "lane")]
    [InlineData("baggage: a=b , mesh.lane=bl%75e;p", "lane")]
    [InlineData("baggage: mesh.lane=green", "base")]
    [InlineData("x-blue: 1", "lane")]
    [InlineData("x-blue: 1|baggage: mesh.lane=green", "base")]
    public async Task Endpoints_of_a_lane_serve_its_requests_and_nobody_elses(string headers, string expected)
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.StartAsync("lane");
        await using var proxy = await StartAsync(Cluster(Blue, rest.Port, own.Port));

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal((HttpStatusCode.OK, expected), await proxy.GetAsync("http://b/", Headers(headers)));
        }
    }

    [Theory]
    [InlineData("x-blue: 1", Mark)]
    [InlineData("x-blue: 1|baggage: a=b;p,c=d", $"{Mark},a=b;p,c=d")]
    [InlineData($"baggage: {Mark}", Mark)] // handed on as it is
    [InlineData("x-blue: 1|baggage: mesh.lane=green", "mesh.lane=green")]
    [InlineData("x-other: 1", null)]
    public async Task A_request_that_enters_is_marked_and_no_other(string headers, string? expected)
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.StartAsync("lane");
        await using var proxy = await StartAsync(Cluster(Blue, rest.Port, own.Port));

        await proxy.GetAsync("http://b/", Headers(headers));

        var seen = Assert.Single(rest.Requests.Concat(own.Requests));
        Assert.Equal(expected, seen.Headers.GetValueOrDefault("baggage"));
    }

    [Fact]
    public async Task What_a_route_takes_out_is_no_mark_and_what_it_sets_is_one()
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.StartAsync("lane");
        var set = new HeaderMutation("baggage", HeaderValueTemplate.Parse(Mark), HeaderAppendAction.Overwrite);
        var without = Models.To("c") with
        {
            Match = new RouteMatchModel { Path = new PathMatcher(PathMatchKind.Exact, "/without") },
            RequestHeaders = new HeaderOperations(["baggage"], []),
        };
        var with = Models.To("c") with { RequestHeaders = new HeaderOperations([], [set]) };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(without, with), Cluster(Blue, rest.Port, own.Port)));

        Assert.Equal("base", (await proxy.GetAsync("http://b/without", ("baggage", Mark))).Body);
        Assert.Equal("lane", (await proxy.GetAsync("http://b/with")).Body);
    }

    [Theory]
    [InlineData(false, 200, "base")]
    [InlineData(true, 503, "no healthy upstream")]
    public async Task A_cluster_without_anybody_of_the_lane_serves_it_by_base_unless_the_lane_refuses(
        bool refuses, int status, string body)
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var proxy = await StartAsync(Cluster(Blue with { Refuses = refuses }, rest.Port));

        Assert.Equal((status, body), Told(await proxy.GetAsync("http://b/", ("baggage", Mark))));
        Assert.Equal((200, "base"), Told(await proxy.GetAsync("http://b/")));
    }

    [Theory]
    [InlineData(EndpointHealth.Draining)]
    [InlineData(EndpointHealth.Unhealthy)]
    public async Task Members_of_the_lane_that_take_nothing_are_as_good_as_none(EndpointHealth health)
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.StartAsync("lane");
        var cluster = Cluster(Blue, rest.Port, own.Port);
        cluster = cluster with { Endpoints = cluster.Endpoints.SetItem(1, cluster.Endpoints[1] with { Health = health }) };
        await using var proxy = await StartAsync(cluster);

        Assert.Equal("base", (await proxy.GetAsync("http://b/", ("baggage", Mark))).Body);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)] // in a panic ejections would not count; there is somebody else
    public async Task Ejected_members_of_the_lane_leave_it_to_base_at_once_and_come_back(int panic)
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.StartAsync("lane");
        await using var proxy = await StartAsync(Cluster(Blue, rest.Port, own.Port) with { PanicThresholdPercent = panic });
        var plan = proxy.State.Current.Clusters["c"];

        plan.Slots[1].State.Outlier.TryEject(0);
        plan.State.HealthChanged();
        var without = (await proxy.GetAsync("http://b/", ("baggage", Mark))).Body;
        plan.Slots[1].State.Outlier.Readmit();
        plan.State.HealthChanged();

        Assert.Equal(("base", "lane"), (without, (await proxy.GetAsync("http://b/", ("baggage", Mark))).Body));
    }

    [Theory]
    [InlineData(false, 200, "base")]
    [InlineData(true, 503, LocalRefusal)]
    public async Task A_member_of_the_lane_that_cannot_be_reached_costs_no_request(bool refuses, int status, string body)
    {
        await using var rest = await EchoBackend.StartAsync("base");
        var cluster = Cluster(Blue with { Refuses = refuses }, rest.Port, ClosedPort.Next());
        await using var proxy = await StartAsync(cluster, Default);

        for (var i = 0; i < 3; i++)
        {
            var (code, text) = Told(await proxy.GetAsync("http://b/", ("baggage", Mark)));
            Assert.Equal((status, true), (code, text.StartsWith(body, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Another_member_of_the_lane_is_tried_before_base()
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.StartAsync("lane");
        await using var proxy = await StartAsync(Cluster(Blue, rest.Port, ClosedPort.Next(), own.Port), Default);

        for (var i = 0; i < 10; i++) Assert.Equal("lane", (await proxy.GetAsync("http://b/", ("baggage", Mark))).Body);
    }

    [Fact]
    public async Task A_member_of_the_lane_that_answers_badly_is_there_and_tried_again()
    {
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.AlwaysAsync(503);
        await using var proxy = await StartAsync(Cluster(Blue, rest.Port, own.Port), Default);

        var (status, _) = await proxy.GetAsync("http://b/", ("baggage", Mark));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 3, 0), (status, own.Calls, rest.Calls));
    }

    [Fact]
    public async Task A_copy_goes_to_the_lane_of_its_request_too()
    {
        await using var target = await EchoBackend.StartAsync("target");
        await using var rest = await EchoBackend.StartAsync("base");
        await using var own = await EchoBackend.StartAsync("lane");
        var forward = Models.Forward("t") with { Mirrors = [new MirrorModel("c", Fraction.All)] };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To(forward)), Models.Cluster("t", target), Cluster(Blue, rest.Port, own.Port)));

        await proxy.GetAsync("http://b/", ("baggage", Mark));
        await Eventually.HoldsAsync("the lane has the copy", () => own.Calls == 1);

        Assert.Equal(0, rest.Calls);
    }

    [Theory]
    [InlineData(LoadBalancing.RingHash)]
    [InlineData(LoadBalancing.Maglev)]
    public void Hashes_spread_within_the_lane_and_within_base(LoadBalancing policy)
    {
        using var state = new ClusterState("c", TimeProvider.System);
        var plan = state.Plan(Cluster(Blue, 1, 11, 12) with { LoadBalancing = policy });
        var blue = plan.FindLane(plan.Model.Lanes.Lanes[0]);

        var own = Enumerable.Range(0, 200).Select(i => PortOf(blue, XxHash64.Hash($"user-{i}"))).Distinct().Order();
        var rest = Enumerable.Range(0, 200).Select(i => PortOf(null, XxHash64.Hash($"user-{i}"))).Distinct();

        Assert.Equal([11, 12], own);
        Assert.Equal([1], rest);

        int PortOf(LanePlan? lane, ulong key) => plan.Pick(lane, SharedRandomSource.Instance, key)!.Value.Model.Port;
    }

    private const string LocalRefusal = "upstream connect error";

    private static (int Status, string Body) Told((HttpStatusCode Status, string Body) answer) => ((int)answer.Status, answer.Body);

    // The first serves what is outside of the lane.
    private static ClusterModel Cluster(LaneModel lane, int rest, params int[] own) => new()
    {
        Name = "c",
        Endpoints =
        [
            new EndpointModel("127.0.0.1", rest),
            .. own.Select(port => new EndpointModel("127.0.0.1", port) { Lanes = ["blue"] }),
        ],
        Lanes = new LaneSet([lane]),
    };

    private static Task<TestProxy> StartAsync(ClusterModel cluster, RetryPolicyModel? retry = null) =>
        TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To(Models.Forward("c") with { Retry = retry })), cluster));

    private static (string Name, string Value)[] Headers(string lines) =>
    [
        .. lines.Split('|', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(": ", 2))
            .Select(parts => (parts[0], parts[1])),
    ];
}
