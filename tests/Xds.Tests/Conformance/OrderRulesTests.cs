using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Gateway;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What comes when: make before break, and not more often than needed.</summary>
/// <remarks>Source: Envoy, "xDS REST and gRPC protocol", eventual consistency considerations.</remarks>
public sealed class OrderRulesTests
{
    public static TheoryData<Mode> Modes => SubscriptionRulesTests.Modes;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_change_of_everything_comes_as_clusters_endpoints_listeners_routes(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadEverythingAsync(host, mode);

        host.Grains.Mesh.Put(Mesh.Service("d", 8181), revision: 2); // on a port that nobody has: a listener and routes too

        var clusters = await client.NextAsync(TypeUrls.Cluster);
        await client.AckAsync(clusters);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, "outbound|8181||d.app.svc.cluster.local");
        await client.TakeAsync(TypeUrls.ClusterLoadAssignment);
        await client.TakeAsync(TypeUrls.Listener);
        var routes = await client.TakeAsync(TypeUrls.RouteConfiguration);

        Assert.Contains("8181", routes.Names);
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_removed_cluster_goes_last_when_nothing_points_to_it_any_more(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadEverythingAsync(host, mode);

        host.RemoveService("b");
        var order = new List<string>();
        Answer answer;
        do
        {
            answer = await client.NextAsync();
            order.Add(answer.TypeUrl);
            await client.AckAsync(answer);
        }
        while (answer.TypeUrl != TypeUrls.Cluster || HasB(answer));

        Assert.InRange(order.IndexOf(TypeUrls.RouteConfiguration), 0, order.LastIndexOf(TypeUrls.Cluster) - 1);

        bool HasB(Answer of) => mode is Mode.Delta ? !of.Removed.Contains(Mesh.B) : of.Names.Contains(Mesh.B);
    }

    [Fact]
    public async Task A_gRPC_client_gets_by_name_what_it_asks_for_in_its_own_order()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        client.Node = Proxyless();

        foreach (var (typeUrl, name) in new[]
        {
            (TypeUrls.Listener, "b.app.svc.cluster.local:80"), (TypeUrls.RouteConfiguration, Mesh.B),
            (TypeUrls.Cluster, Mesh.B), (TypeUrls.ClusterLoadAssignment, Mesh.B),
        })
        {
            await client.SubscribeAsync(typeUrl, name);
            Assert.Equal([name], (await client.TakeAsync(typeUrl)).Names);
        }

        host.AddEndpoint("b", 9);
        Assert.Equal([Mesh.B], (await client.TakeAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task T33f_many_changes_at_once_are_one_push(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.Debounce = TimeSpan.FromMilliseconds(100));
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();

        for (var i = 1; i <= 100; i++) host.AddService($"d{i}", revision: i + 1);
        await host.UntilAsync(() => host.Snapshots.Revision == 101, "all changes have arrived");
        await client.SilenceAsync();
        await host.AdvanceUntilAsync(() => host.Metrics.Contains("pilot_xds_pushes{type=\"cds\"} 2\n", StringComparison.Ordinal));
        var answer = await client.TakeAsync(TypeUrls.Cluster);

        Assert.All(Enumerable.Range(1, 100), i => Assert.Contains($"outbound|80||d{i}.app.svc.cluster.local", answer.Names));
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task T33f_changes_that_never_rest_are_pushed_when_the_cap_is_reached_all_the_same(Mode mode)
    {
        var (quiet, cap, step) = (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(200));
        await using var host = await GatewayHost.StartAsync(configure: o => (o.Debounce, o.DebounceCap) = (quiet, cap));
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();

        var answer = client.NextAsync(TypeUrls.Cluster);
        for (var i = 1; !answer.IsCompleted && i * step < quiet; i++)
        {
            host.AddService($"d{i}", revision: i + 1);
            await host.UntilAsync(() => host.Snapshots.Revision == i + 1, "the change has arrived");
            host.Clock.Advance(step);
        }

        Assert.Contains("outbound|80||d1.app.svc.cluster.local", (await answer).Names);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task T33h_a_changed_cluster_gets_its_endpoints_again_though_they_are_the_same(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.A, Mesh.B);
        var endpoints = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        host.LimitConnections();
        await client.TakeAsync(TypeUrls.Cluster);
        var again = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal([Mesh.B], again.Names);
        Assert.Equal(endpoints.Resources.Single(r => r.Name == Mesh.B), again.Resources.Single());
        await client.SilenceAsync();
    }

    [Fact]
    public async Task T33h_endpoints_that_are_asked_for_again_are_answered()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        var first = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        await client.SendAsync(TypeUrls.ClusterLoadAssignment); // the same names without a nonce
        var again = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal(first.Resources.AsEnumerable(), again.Resources.AsEnumerable());
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task T33j_a_change_of_members_sends_the_endpoints_of_their_cluster_only_and_at_once(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.Debounce = TimeSpan.FromSeconds(10));
        await using var client = await LoadEverythingAsync(host, mode);

        host.AddEndpoint("b", 9);

        Assert.Equal([Mesh.B], (await client.TakeAsync(TypeUrls.ClusterLoadAssignment)).Names);
        await client.SilenceAsync();
    }

    /// <summary>A client that has taken over clusters, endpoints, listeners and routes.</summary>
    private static async Task<ConformanceClient> LoadEverythingAsync(GatewayHost host, Mode mode)
    {
        var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.A, Mesh.B, Mesh.C);
        await client.TakeAsync(TypeUrls.ClusterLoadAssignment);
        await client.SubscribeAsync(TypeUrls.Listener);
        await client.TakeAsync(TypeUrls.Listener);
        await client.SubscribeAsync(TypeUrls.RouteConfiguration, "80", "8181");
        await client.TakeAsync(TypeUrls.RouteConfiguration);
        return client;
    }

    private static Protocol.Core.Node Proxyless()
    {
        var node = AdsClient.Node();
        node.Metadata = new Struct { Fields = { ["GENERATOR"] = Value.ForString("grpc") } };
        return node;
    }
}
