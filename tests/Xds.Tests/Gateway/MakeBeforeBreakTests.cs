using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>What is new reaches a client in an order in which nothing ever points to what it lacks.</summary>
public sealed class MakeBeforeBreakTests
{
    private const string ClusterA = "outbound|80||a.app.svc.cluster.local";
    private const string ClusterD = "outbound|80||d.app.svc.cluster.local";
    private const string ServiceD = "kind: Service\napiVersion: v1\nmetadata: { name: d, namespace: app }\nspec: { selector: { app: d }, ports: [ { port: 80, name: http } ] }";
    private const string Port = "80";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_route_to_a_new_cluster_waits_until_the_client_has_its_endpoints(bool delta)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadedAsync(host, delta);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        var clusters = await client.Ads.NextAsync(TypeUrls.Cluster);
        await client.SilenceAsync();
        await client.Ads.AckAsync(clusters);
        await client.SilenceAsync();
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, ClusterD);
        var endpoints = await client.Ads.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.SilenceAsync();
        await client.AckAsync(endpoints);
        var routes = await client.Ads.NextAsync(TypeUrls.RouteConfiguration);

        Assert.Contains(ClusterD, clusters.Names);
        Assert.Equal([ClusterD], endpoints.Names);
        Assert.Equal([Port], routes.Names);
        Assert.True(PointsToD(routes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_several_new_clusters_the_last_one_lets_the_routes_go(bool delta)
    {
        const string other = "outbound|80||e.app.svc.cluster.local";
        await using var host = await GatewayHost.StartAsync(configure: o => o.Debounce = TimeSpan.FromSeconds(1));
        await using var client = await LoadedAsync(host, delta);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        host.Grains.Mesh.Put(Config(ServiceD.Replace("name: d,", "name: e,", StringComparison.Ordinal)), revision: 3);
        await host.UntilAsync(() => host.Snapshots.Revision == 3, "both have arrived");
        await host.AdvanceUntilAsync(
            () => host.Metrics.Contains("pilot_xds_pushes{type=\"cds\"} 2", StringComparison.Ordinal));
        await client.Ads.AckAsync(await client.Ads.NextAsync(TypeUrls.Cluster));
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, ClusterD);
        await client.AckAsync(await client.Ads.NextAsync(TypeUrls.ClusterLoadAssignment));
        await client.SilenceAsync();
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, other);
        await client.AckAsync(await client.Ads.NextAsync(TypeUrls.ClusterLoadAssignment));

        Assert.True(PointsToD(await client.Ads.NextAsync(TypeUrls.RouteConfiguration)));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public async Task A_client_that_does_not_ask_for_the_endpoints_gets_the_route_after_a_time(bool delta, bool answers)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadedAsync(host, delta);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        var clusters = await client.Ads.NextAsync(TypeUrls.Cluster);
        if (answers) await client.Ads.AckAsync(clusters);
        await client.SilenceAsync();
        host.Clock.Advance(TimeSpan.FromMilliseconds(900));
        await client.SilenceAsync();
        await host.AdvanceUntilAsync(
            () => host.Metrics.Contains("pilot_xds_pushes{type=\"rds\"} 4", StringComparison.Ordinal));

        Assert.True(PointsToD(await client.Ads.NextAsync(TypeUrls.RouteConfiguration)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_refuses_the_clusters_gets_the_route_at_once(bool delta)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadedAsync(host, delta);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        await client.Ads.NackAsync(await client.Ads.NextAsync(TypeUrls.Cluster), "no");

        Assert.True(PointsToD(await client.Ads.NextAsync(TypeUrls.RouteConfiguration)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_takes_no_endpoints_at_all_gets_the_route_at_once(bool delta)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadedAsync(host, delta, withEndpoints: false);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        await client.Ads.NextAsync(TypeUrls.Cluster);

        Assert.True(PointsToD(await client.Ads.NextAsync(TypeUrls.RouteConfiguration)));
    }

    [Fact]
    public async Task A_client_that_names_its_clusters_gets_the_route_at_once()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadedAsync(host, delta: true, clusters: [ClusterA]);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);

        Assert.True(PointsToD(await client.Ads.NextAsync(TypeUrls.RouteConfiguration)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_listener_of_a_new_port_waits_too(bool delta)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadedAsync(host, delta);
        await client.SubscribeAsync(TypeUrls.Listener, "*");
        await client.AckAsync(await client.Ads.NextAsync(TypeUrls.Listener));

        host.Grains.Mesh.Put(Config(ServiceD.Replace("port: 80,", "port: 8181,", StringComparison.Ordinal)), revision: 2);
        await client.Ads.AckAsync(await client.Ads.NextAsync(TypeUrls.Cluster));
        await client.SilenceAsync();
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, ClusterD.Replace("|80|", "|8181|", StringComparison.Ordinal));
        await client.AckAsync(await client.Ads.NextAsync(TypeUrls.ClusterLoadAssignment));

        Assert.Contains("0.0.0.0_8181", (await client.Ads.NextAsync(TypeUrls.Listener)).Names);
    }

    [Fact]
    public async Task A_question_is_answered_while_routes_wait_and_what_it_does_not_ask_for_stays_behind()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await LoadedAsync(host, delta: true);

        host.Grains.Mesh.Put(Config(ServiceD), revision: 2);
        await client.Ads.NextAsync(TypeUrls.Cluster);
        await client.SubscribeAsync(TypeUrls.RouteConfiguration, "7070");

        Assert.Equal(["7070"], (await client.Ads.NextAsync(TypeUrls.RouteConfiguration)).Names);
    }

    private static bool PointsToD(Answer routes) =>
        routes.Resources.Any(r => r.Content.Value.ToStringUtf8().Contains(ClusterD, StringComparison.Ordinal));

    private static Model.Config.ConfigResource Config(string yaml) => TestMesh.Of(yaml, []).Snapshot.Config.Values.Single();

    /// <summary>A client that has its clusters, the endpoints of one, and the routes of one port.</summary>
    private static async Task<Client> LoadedAsync(
        GatewayHost host, bool delta, bool withEndpoints = true, params string[] clusters)
    {
        var client = new Client(delta ? host.Delta() : host.Sotw(), delta);
        if (clusters.Length == 0)
        {
            await client.Ads.AckAsync(await client.Ads.OpenAsync());
        }
        else
        {
            await client.Ads.ChangeAsync(TypeUrls.Cluster, clusters, node: AdsClient.Node());
            await client.Ads.AckAsync(await client.Ads.NextAsync(TypeUrls.Cluster));
        }

        if (withEndpoints) await LoadAsync(TypeUrls.ClusterLoadAssignment, ClusterA);
        await LoadAsync(TypeUrls.RouteConfiguration, Port);
        return client;

        async Task LoadAsync(string type, string name)
        {
            await client.SubscribeAsync(type, name);
            await client.AckAsync(await client.Ads.NextAsync(type));
        }
    }

    /// <summary>A client of either method that remembers what it has subscribed to.</summary>
    private sealed class Client(AdsClient ads, bool delta) : IAsyncDisposable
    {
        private readonly Dictionary<string, (List<string> Names, string Nonce)> _types = [];
        private int _probes;

        public AdsClient Ads => ads;

        public Task SubscribeAsync(string type, string name)
        {
            var (names, nonce) = _types.GetValueOrDefault(type, ([], ""));
            names.Add(name);
            _types[type] = (names, nonce);
            return delta ? ads.ChangeAsync(type, [name]) : ads.SendAsync(type, [.. names], nonce);
        }

        public Task AckAsync(Answer answer)
        {
            var names = _types[answer.TypeUrl].Names;
            _types[answer.TypeUrl] = (names, answer.Nonce);
            return ads.AckAsync(answer, [.. names]);
        }

        /// <summary>Nothing has been sent, and a question is answered by no more than what it asks for.</summary>
        public async Task SilenceAsync()
        {
            var name = $"probe-{++_probes}";
            await SubscribeAsync(TypeUrls.RouteConfiguration, name);
            var answer = await ads.NextAsync(TypeUrls.RouteConfiguration);
            Assert.Equal([name], answer.Names);
            await AckAsync(answer);
        }

        public ValueTask DisposeAsync() => ads.DisposeAsync();
    }
}
