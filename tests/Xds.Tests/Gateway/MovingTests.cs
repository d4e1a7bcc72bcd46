using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A client goes from one gateway to another: over real sockets, with all that it holds.</summary>
public sealed class MovingTests
{
    private const string Identity = "spiffe://cluster.local/ns/app/sa/a";
    private static readonly string[] EndpointsOfB =
        ["outbound|80||b.app.svc.cluster.local", "outbound|9000||b.app.svc.cluster.local"];

    private static readonly string[] Types =
        [TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener, TypeUrls.RouteConfiguration, TypeUrls.Secret];

    [Fact]
    public async Task Nothing_that_the_client_holds_is_sent_again_by_another_gateway()
    {
        await using var one = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync();
        var held = await LoadAsync(one);
        await using var client = other.Delta(Identity);

        var answers = await AskAsync(client, held);

        Assert.All(Types, type => Assert.NotEmpty(held[type]));
        Assert.Equal(0, answers.Sum(a => a.Resources.Length));
        other.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));
        Assert.Equal(EndpointsOfB, (await client.NextAsync(TypeUrls.ClusterLoadAssignment)).Names); // changes come
    }

    [Fact]
    public async Task Held_roots_that_are_current_are_confirmed_by_an_empty_answer()
    {
        await using var one = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync();
        var roots = (await LoadAsync(one))[TypeUrls.Secret];
        await using var client = other.Delta(Identity);
        await client.AckAsync(await client.OpenAsync());

        await client.ChangeAsync(TypeUrls.Secret, ["default", "ROOTCA"], held: roots);
        var answer = await client.NextAsync(TypeUrls.Secret);

        Assert.Empty(answer.Resources);
        Assert.Empty(answer.Removed);
        await client.AckAsync(answer);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task What_changed_on_the_way_is_all_that_is_sent()
    {
        await using var one = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync();
        var held = await LoadAsync(one);
        other.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));
        await other.UntilAsync(() => other.Pictured.Workloads.ContainsKey("app/b-9"), "the member is known");
        await using var client = other.Delta(Identity);

        var answers = await AskAsync(client, held);

        var changed = Assert.Single(answers, a => !a.Resources.IsEmpty);
        Assert.Equal(EndpointsOfB, changed.Names);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cluster_that_changed_on_the_way_is_followed_by_its_endpoints_though_they_are_held(bool later)
    {
        await using var one = await GatewayHost.StartAsync();
        var held = await LoadAsync(one);
        await using var other = await GatewayHost.StartAsync(TestMesh.With("""
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: b, namespace: app }
            spec: { host: b, trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } }
            """).Snapshot);
        await using var client = other.Delta(Identity);

        await client.ChangeAsync(TypeUrls.Cluster, ["*"], node: AdsClient.Node(), held: held[TypeUrls.Cluster]);
        if (!later) await AskForEndpointsAsync();
        var clusters = await client.NextAsync(TypeUrls.Cluster);
        await client.AckAsync(clusters);
        if (later) await AskForEndpointsAsync();
        var endpoints = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(endpoints);

        Assert.Equal(EndpointsOfB, clusters.Names);
        Assert.Equal(EndpointsOfB, endpoints.Names);
        await client.SilenceAsync();

        Task AskForEndpointsAsync() => client.ChangeAsync(
            TypeUrls.ClusterLoadAssignment,
            [.. held[TypeUrls.ClusterLoadAssignment].Select(r => r.Name)],
            held: held[TypeUrls.ClusterLoadAssignment]);
    }

    [Fact]
    public async Task A_gateway_that_does_not_know_the_roots_does_not_confirm_those_that_are_held()
    {
        await using var one = await GatewayHost.StartAsync();
        var roots = (await LoadAsync(one))[TypeUrls.Secret];
        var mesh = TestMesh.Of(TestMesh.Services, TestMesh.Workloads).Snapshot;
        await using var other = await GatewayHost.StartAsync(mesh with { Bundles = mesh.Bundles.Clear() });
        await using var client = other.Delta(Identity);
        await client.AckAsync(await client.OpenAsync());

        await client.ChangeAsync(TypeUrls.Secret, ["default", "ROOTCA"], held: roots);

        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_client_that_says_nothing_does_not_hold_up_the_end_of_the_host()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.OpenedAsync();
        var end = client.EndAsync();

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(GrpcStatusCode.Unavailable, (await end).Code);
    }

    /// <summary>Loads all that a sidecar loads, and acknowledges it.</summary>
    private static async Task<Dictionary<string, (string Name, string Version)[]>> LoadAsync(GatewayHost host)
    {
        await using var client = host.Delta(Identity);
        var clusters = await client.OpenAsync();
        var held = new Dictionary<string, (string, string)[]> { [TypeUrls.Cluster] = Held(clusters) };
        await client.AckAsync(clusters);
        foreach (var type in Types[1..])
        {
            string[] names = type switch
            {
                TypeUrls.ClusterLoadAssignment => [.. clusters.Names.Where(n => n.StartsWith("outbound|", StringComparison.Ordinal))],
                TypeUrls.RouteConfiguration => ["80"],
                TypeUrls.Secret => ["default", "ROOTCA"],
                _ => ["*"],
            };
            await client.ChangeAsync(type, names);
            var answer = await client.NextAsync(type);
            held[type] = Held(answer);
            await client.AckAsync(answer);
        }

        return held;
    }

    /// <summary>Subscribes as a sidecar does, all at once, and reads whatever comes of it.</summary>
    private static async Task<List<Answer>> AskAsync(
        AdsClient client, Dictionary<string, (string Name, string Version)[]> held)
    {
        foreach (var type in Types)
        {
            var isWildcard = type is TypeUrls.Cluster or TypeUrls.Listener;
            string[] names = isWildcard ? ["*"] : [.. held[type].Select(r => r.Name)];
            await client.ChangeAsync(
                type, names, node: type == TypeUrls.Cluster ? AdsClient.Node() : null, held: held[type]);
        }

        const string last = "kubernetes://last";
        await client.ChangeAsync(TypeUrls.Secret, [last]); // secrets come last, and there is no such one
        var answers = new List<Answer>();
        do
        {
            answers.Add(await client.NextAsync());
            await client.AckAsync(answers[^1]);
        }
        while (!answers[^1].Removed.Contains(last));

        return answers;
    }

    private static (string, string)[] Held(Answer answer) => [.. answer.Resources.Select(r => (r.Name, r.Version))];
}
