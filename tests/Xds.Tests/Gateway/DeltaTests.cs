using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Conformance case T33, the incremental method.</summary>
public sealed class DeltaTests
{
    private const string ClusterA = "outbound|80||a.app.svc.cluster.local";
    private const string ClusterB = "outbound|80||b.app.svc.cluster.local";
    private const string ServiceD = "kind: Service\napiVersion: v1\nmetadata: { name: d, namespace: app }\nspec: { selector: { app: d }, ports: [ { port: 80, name: http } ] }";

    [Fact]
    public async Task The_first_request_gets_everything_and_a_change_only_what_changed()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        var all = await client.OpenAsync();
        await client.AckAsync(all);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        var change = await client.NextAsync(TypeUrls.Cluster);

        Assert.Contains(ClusterA, all.Names);
        Assert.Equal(["outbound|80||d.app.svc.cluster.local"], change.Names);
        Assert.Empty(change.Removed);
        await client.AckAsync(change);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_removed_resource_is_named()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());

        host.Grains.Mesh.Remove("config/Service/app/a");
        var change = await client.NextAsync(TypeUrls.Cluster);

        Assert.Contains(ClusterA, change.Removed);
        Assert.DoesNotContain(ClusterB, change.Removed);
    }

    [Fact]
    public async Task What_the_client_holds_already_is_not_sent_again()
    {
        await using var host = await GatewayHost.StartAsync();
        Answer before;
        await using (var first = host.Delta()) before = await first.OpenAsync();
        await using var client = host.Delta();

        var held = before.Resources.Where(r => r.Name != ClusterB).Select(r => (r.Name, r.Version)).Append(("gone", "1"));
        await client.ChangeAsync(TypeUrls.Cluster, ["*"], node: AdsClient.Node(), held: [.. held]);
        var answer = await client.NextAsync(TypeUrls.Cluster);

        Assert.Equal([ClusterB], answer.Names);
        Assert.Equal("gone", Assert.Single(answer.Removed));
    }

    [Fact]
    public async Task Held_endpoints_that_are_current_are_answered_by_nothing()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        var version = (await client.NextAsync(TypeUrls.ClusterLoadAssignment)).Resources[0].Version;
        await using var again = host.Delta();
        await again.AckAsync(await again.OpenAsync());

        await again.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB], held: (ClusterB, version));
        await again.SilenceAsync();

        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));
        Assert.Equal([ClusterB], (await again.NextAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Fact]
    public async Task An_unsubscribed_name_gets_no_more_updates()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB]);
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment));

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, remove: [ClusterB, "never-there"]);
        await client.SilenceAsync();
        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));
        host.Grains.Mesh.Put(TestMesh.Workload("app", "a-9", "10.0.0.8", "app=a"));

        Assert.Equal([ClusterA], (await client.NextAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Fact]
    public async Task An_unknown_name_is_called_gone_and_is_sent_once_it_exists()
    {
        const string later = "outbound|80||d.app.svc.cluster.local";
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [later]);
        var missing = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(missing);
        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        await client.AckAsync(await client.NextAsync(TypeUrls.Cluster));
        var found = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal(later, Assert.Single(missing.Removed));
        Assert.Equal([later], found.Names);
    }

    [Fact]
    public async Task A_name_that_is_subscribed_again_is_sent_again()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        var first = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(first);

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        var second = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal(first.Resources[0].Content, second.Resources[0].Content);
    }

    [Fact]
    public async Task A_stale_nonce_does_not_lose_the_change_that_comes_with_it()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA]);
        await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB], nonce: "77");

        Assert.Equal([ClusterB], (await client.NextAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Fact]
    public async Task A_name_that_the_wildcard_still_covers_is_sent_when_it_is_unsubscribed()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.ChangeAsync(TypeUrls.Cluster, ["*", ClusterA], node: AdsClient.Node());
        await client.AckAsync(await client.NextAsync(TypeUrls.Cluster));

        await client.ChangeAsync(TypeUrls.Cluster, remove: [ClusterA]);

        Assert.Equal([ClusterA], (await client.NextAsync(TypeUrls.Cluster)).Names);
    }

    [Fact]
    public async Task A_changed_cluster_is_followed_by_its_endpoints()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB]);
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment));

        host.Grains.Mesh.Put(
            Config("""
                kind: DestinationRule
                apiVersion: networking.istio.io/v1
                metadata: { name: b, namespace: app }
                spec: { host: b, trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } }
                """),
            revision: 2);

        Assert.Contains(ClusterB, (await client.NextAsync(TypeUrls.Cluster)).Names);
        Assert.Equal([ClusterB], (await client.NextAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Fact]
    public async Task A_large_answer_is_divided()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.MaxResponseSize = 1_000);
        await using var whole = host.Sotw();
        await using var client = host.Delta();
        var expected = (await whole.OpenAsync()).Names.ToHashSet();

        var parts = new List<Answer> { await client.OpenAsync() };
        await client.SilenceAsync();
        while (parts.Sum(p => p.Resources.Length) < expected.Count)
        {
            await client.AckAsync(parts[^1]);
            parts.Add(await client.NextAsync(TypeUrls.Cluster));
        }

        Assert.True(parts.Count > 1);
        Assert.Equal(expected, parts.SelectMany(p => p.Names).ToHashSet());
        await client.AckAsync(parts[^1]);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task Endpoints_of_a_new_member_reach_the_client()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment));

        host.Grains.Mesh.Remove("workload/app/b-1");
        var answer = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        var text = answer.Read<ClusterLoadAssignment>(ClusterB).ToString();
        Assert.DoesNotContain("10.0.0.2", text, StringComparison.Ordinal);
        Assert.Contains("10.0.0.3", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_stops_tells_its_clients_to_go_elsewhere()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.OpenAsync();
        await host.WritesEndedAsync(TypeUrls.Cluster);

        var ending = client.EndAsync();
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(GrpcStatusCode.Unavailable, (await ending).Code);
    }

    private static Model.Config.ConfigResource Config(string yaml) => TestMesh.Of(yaml, []).Snapshot.Config.Values.Single();
}
