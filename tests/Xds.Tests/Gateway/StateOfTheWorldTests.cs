using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Conformance case T33, the state-of-the-world method, and behaviour.md 3.2.</summary>
public sealed class StateOfTheWorldTests
{
    private const string ClusterA = "outbound|80||a.app.svc.cluster.local";
    private const string ClusterB = "outbound|80||b.app.svc.cluster.local";
    private const string Extra = "kind: Service\napiVersion: v1\nmetadata: { name: d, namespace: app }\nspec: { selector: { app: d }, ports: [ { port: 80, name: http } ] }";

    [Fact]
    public async Task The_first_request_gets_everything_and_its_ACK_gets_nothing()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();

        var clusters = await client.OpenAsync();
        await client.AckAsync(clusters);

        Assert.Contains(ClusterA, clusters.Names);
        Assert.Contains("PassthroughCluster", clusters.Names);
        Assert.NotEmpty(clusters.Version);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_NACK_is_answered_by_nothing_until_the_content_changes()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        var clusters = await client.OpenAsync();

        await client.NackAsync(clusters, "no such filter");
        await client.SilenceAsync();
        host.Grains.Mesh.Put(Config(Extra), revision: 2);
        var next = await client.NextAsync(TypeUrls.Cluster);

        Assert.NotEqual(clusters.Version, next.Version);
        Assert.Contains("outbound|80||d.app.svc.cluster.local", next.Names);
        Assert.Contains("pilot_total_xds_rejects{type=\"cds\"} 1", host.Metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_type_does_not_hold_up_the_others()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        var clusters = await client.OpenAsync();
        await client.NackAsync(clusters, "no");

        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), ClusterB);
        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));

        var endpoints = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        Assert.Contains("10.0.0.9", endpoints.Read<ClusterLoadAssignment>(ClusterB).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stale_nonce_is_passed_over()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        var clusters = await client.OpenAsync();

        await client.SendAsync(TypeUrls.Cluster, ["something"], nonce: "77");
        await client.SendAsync(TypeUrls.Cluster, ["something"], nonce: "77", error: "no");

        await client.SilenceAsync();
        await client.AckAsync(clusters);
        await client.SilenceAsync();
        Assert.Contains("pilot_xds_expired_nonce{type=\"cds\"} 2", host.Metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Added_names_are_answered_and_removed_ones_are_not()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());

        await client.SendAsync(TypeUrls.RouteConfiguration, ["80"]);
        var first = await client.NextAsync(TypeUrls.RouteConfiguration);
        await client.SendAsync(TypeUrls.RouteConfiguration, ["80", "7070"], first.Nonce);
        var second = await client.NextAsync(TypeUrls.RouteConfiguration);
        await client.SendAsync(TypeUrls.RouteConfiguration, ["7070"], second.Nonce);
        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterA]);

        Assert.Equal(["80"], first.Names);
        Assert.Contains("7070", second.Names);
        await client.NextAsync(TypeUrls.ClusterLoadAssignment);
    }

    [Fact]
    public async Task A_reconnect_gets_a_full_response_whatever_version_it_names()
    {
        await using var host = await GatewayHost.StartAsync();
        Answer before;
        await using (var first = host.Sotw()) before = await first.OpenAsync();
        await using var second = host.Sotw();

        await second.SendAsync(TypeUrls.Cluster, [], version: before.Version, node: AdsClient.Node());
        var after = await second.NextAsync(TypeUrls.Cluster);

        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Names, after.Names);
    }

    [Fact]
    public async Task Many_changes_at_once_are_one_push()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.Debounce = TimeSpan.FromMilliseconds(100));
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());

        for (var i = 1; i <= 100; i++)
        {
            host.Grains.Mesh.Put(Config(Extra.Replace("name: d", $"name: d{i}", StringComparison.Ordinal)), revision: i + 1);
        }

        await host.UntilAsync(() => host.Snapshots.Revision == 101, "all changes have arrived");
        await host.UntilAsync(() => host.Clock.PendingTimers > 0, "the debounce is running");
        await client.SilenceAsync();
        await AdvanceUntilAsync(host, () => host.Metrics.Contains("pilot_xds_pushes{type=\"cds\"} 2", StringComparison.Ordinal));
        var clusters = await client.NextAsync(TypeUrls.Cluster);

        Assert.Contains("outbound|80||d1.app.svc.cluster.local", clusters.Names);
        Assert.Contains("outbound|80||d100.app.svc.cluster.local", clusters.Names);
        await client.AckAsync(clusters);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_member_is_told_at_once_and_takes_no_half_of_a_configuration_change_along()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.Debounce = TimeSpan.FromSeconds(5));
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterA]);
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), ClusterA);

        var extra = Config(Extra);
        host.Grains.Mesh.Tell(
            new SnapshotChange($"config/{extra.Key}", 2, ConfigJson.Write(extra)),
            new SnapshotChange("workload/app/a-9", 1, SnapshotPayload.Write(TestMesh.Workload("app", "a-9", "10.0.0.9", "app=a"))));
        var endpoints = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(endpoints, ClusterA);
        await client.SilenceAsync(); // the configuration is not due
        await AdvanceUntilAsync(host, () => host.Metrics.Contains("pilot_xds_pushes{type=\"cds\"} 2", StringComparison.Ordinal));

        Assert.Contains("outbound|80||d.app.svc.cluster.local", (await client.NextAsync(TypeUrls.Cluster)).Names);
    }

    [Fact]
    public async Task A_changed_cluster_is_followed_by_its_endpoints_though_they_have_not_changed()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB]);
        var endpoints = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(endpoints, ClusterA, ClusterB);

        host.Grains.Mesh.Put(Config(TightLimit), revision: 2);
        var clusters = await client.NextAsync(TypeUrls.Cluster);
        var again = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Contains(ClusterA, clusters.Names);
        Assert.Equal([ClusterB], again.Names);
        Assert.Equal(endpoints.Version, again.Version);
    }

    [Fact]
    public async Task A_change_of_endpoints_sends_only_the_endpoints_of_that_cluster()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.Debounce = TimeSpan.FromSeconds(10));
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB]);
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), ClusterA, ClusterB);

        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));

        var endpoints = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        Assert.Equal([ClusterB], endpoints.Names);
        await client.AckAsync(endpoints, ClusterA, ClusterB);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task What_changes_while_a_push_is_unanswered_is_merged_into_the_next()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        var first = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        for (var i = 1; i <= 5; i++) host.Grains.Mesh.Put(TestMesh.Workload("app", $"b-1{i}", $"10.0.1.{i}", "app=b"));
        await host.BringsAsync(ClusterB, "10.0.1.5"); // the last of them
        await client.SilenceAsync();
        await client.AckAsync(first, ClusterB);
        var second = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        var text = second.Read<ClusterLoadAssignment>(ClusterB).ToString();
        Assert.All(Enumerable.Range(1, 5), i => Assert.Contains($"10.0.1.{i}", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_push_that_stays_unanswered_while_more_is_due_ends_the_stream()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.OpenAsync();
        host.Grains.Mesh.Put(Config(Extra), revision: 2);
        await host.PicturesAsync(2);
        await client.SilenceAsync();

        var ending = client.EndAsync();
        await AdvanceUntilAsync(host, () => ending.IsCompleted, TimeSpan.FromSeconds(5));

        Assert.Equal(GrpcStatusCode.Unavailable, (await ending).Code);
    }

    [Fact]
    public async Task A_route_configuration_that_does_not_exist_comes_empty_and_later_in_full()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());

        await client.SendAsync(TypeUrls.RouteConfiguration, ["8181"]);
        var empty = await client.NextAsync(TypeUrls.RouteConfiguration);
        await client.AckAsync(empty, "8181");
        host.Grains.Mesh.Put(Config(Extra.Replace("port: 80,", "port: 8181,", StringComparison.Ordinal)), revision: 2);
        await client.AckAsync(await client.NextAsync(TypeUrls.Cluster));
        var full = await client.NextAsync(TypeUrls.RouteConfiguration);

        Assert.Empty(empty.Read<RouteConfiguration>("8181").VirtualHosts);
        Assert.NotEmpty(full.Read<RouteConfiguration>("8181").VirtualHosts);
    }

    [Fact]
    public async Task A_removed_cluster_stays_until_the_routes_have_let_go_of_it()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        await client.SendAsync(TypeUrls.Listener, []);
        await client.AckAsync(await client.NextAsync(TypeUrls.Listener));
        await client.SendAsync(TypeUrls.RouteConfiguration, ["80"]);
        await client.AckAsync(await client.NextAsync(TypeUrls.RouteConfiguration), "80");

        host.Grains.Mesh.Remove("config/Service/app/b");
        var order = new List<(string Type, bool HasB)>();
        while (order is not [.., (TypeUrls.Cluster, false)])
        {
            var answer = await client.NextAsync();
            order.Add((answer.TypeUrl, answer.Resources.Any(r => r.Content.ToString()!.Contains(ClusterB, StringComparison.Ordinal))));
            await client.AckAsync(answer, answer.TypeUrl == TypeUrls.RouteConfiguration ? ["80"] : []);
        }

        Assert.True(order.IndexOf((TypeUrls.RouteConfiguration, false)) is >= 0 and var i && i < order.Count - 1, string.Join(' ', order));
    }

    [Fact]
    public async Task Unsubscribing_from_all_names_ends_the_pushes()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        var endpoints = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [], endpoints.Nonce);
        await client.SilenceAsync();
        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));
        host.Grains.Mesh.Put(Config(Extra), revision: 2);

        await client.NextAsync(TypeUrls.Cluster);
    }

    [Fact]
    public async Task A_half_closed_stream_ends_well()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.OpenAsync();

        client.Finish();

        Assert.Equal(GrpcStatus.Ok, await client.EndAsync());
        await host.UntilAsync(() => host.Status.Count == 0, "the stream is forgotten");
    }

    private const string TightLimit = """
        kind: DestinationRule
        apiVersion: networking.istio.io/v1
        metadata: { name: b, namespace: app }
        spec: { host: b, trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } }
        """;

    private static ConfigResource Config(string yaml) => TestMesh.Of(yaml, []).Snapshot.Config.Values.Single();

    private static Task AdvanceUntilAsync(GatewayHost host, Func<bool> condition, TimeSpan? step = null) =>
        host.UntilAsync(
            () =>
            {
                if (!condition()) host.Clock.Advance(step ?? TimeSpan.FromMilliseconds(50));
                return condition();
            },
            "the clock has brought it about");
}
