using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class StatusTests
{
    [Fact]
    public async Task Connecting_acknowledging_refusing_and_leaving_reach_the_subscription_grain()
    {
        await using var host = await GatewayHost.StartAsync();
        var client = host.Delta();
        var answer = await client.OpenAsync();

        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Pending);
        await client.AckAsync(answer);
        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Synced);
        host.Grains.Mesh.Put(Service, revision: 7);
        await client.NackAsync(await client.NextAsync(TypeUrls.Cluster), "it is wrong");
        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Nacked);
        await client.DisposeAsync();
        await AdvanceUntilAsync(host, () => Told(host)!.IsClosed);

        var cluster = Told(host)!.Types.Single(t => t.TypeUrl == TypeUrls.Cluster);
        Assert.Equal("it is wrong", cluster.NackMessage);
        Assert.Equal(answer.Version, cluster.AckedVersion);
        Assert.Equal(("app", host.Name), (Told(host)!.Connection!.Namespace, Told(host)!.Connection!.Gateway));
    }

    [Fact]
    public async Task Who_takes_the_name_of_another_identitys_node_is_told_of_as_another_proxy()
    {
        const string Own = "spiffe://cluster.local/ns/app/sa/a";
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta(Own);
        await using var thief = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await thief.NackAsync(await thief.OpenAsync(), "it is wrong");

        await AdvanceUntilAsync(host, () => Grain(host).Streams.Count == 2
            && Grain(host).Streams.Values.All(s => s.Types.Any(t => t.State is not SubscriptionState.Pending)));

        var proxies = Grain(host).Streams.Values.ToDictionary(s => (s.SpiffeId!, s.NodeId));
        Assert.Equal(SubscriptionState.Synced, proxies[(Own, AdsClient.NodeId)].Types.Single().State);
        Assert.Equal(SubscriptionState.Nacked, proxies[("", AdsClient.NodeId)].Types.Single().State);
        Assert.Equal(["", Own], host.Status.Find(AdsClient.NodeId, _ => true).Select(v => v.Connection.SpiffeId).Order());
    }

    [Fact]
    public async Task A_revision_that_changes_nothing_for_a_proxy_is_live_there_all_the_same()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Synced);

        host.Grains.Mesh.Put(FarAway, revision: 7);

        await host.UntilAsync(() => host.Status.List().Single().Types.Single(t => t.TypeUrl == TypeUrls.Cluster).Revision == 7, "revision 7 is live");
        await AdvanceUntilAsync(host, () => Told(host)!.Types.Single().Revision == 7);
        Assert.Equal((1, 7, 0), Grain(host).Raises.Select(r => (r.From, r.To, r.Except.Length)).Single());
    }

    [Fact]
    public async Task What_a_lost_grain_knew_is_told_again_though_nothing_changes()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Synced);

        Grain(host).Lose();

        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Synced);
        Assert.Equal("app", Told(host)!.Connection!.Namespace);
    }

    [Fact]
    public async Task What_could_not_be_told_is_told_later_and_of_streams_that_came_and_went_the_last()
    {
        await using var host = await GatewayHost.StartAsync();
        Grain(host).Failure = new TimeoutException("no silo");
        for (var i = 0; i < 3; i++)
        {
            await using var passing = host.Delta();
            await passing.AckAsync(await passing.OpenAsync());
            host.Clock.Advance(TimeSpan.FromSeconds(3));
        }

        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await host.UntilAsync(() => host.Status.Count == 1, "the streams before have ended");
        Grain(host).Failure = null;

        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Synced);
        Assert.False(Told(host)!.IsClosed);
    }

    [Fact]
    public async Task A_stream_that_a_later_one_superseded_is_offered_again()
    {
        await using var host = await GatewayHost.StartAsync();
        Grain(host).Answer = StreamStanding.Superseded; // at another gateway
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await AdvanceUntilAsync(host, () => Grain(host).Reports.Count > 0);

        Grain(host).Answer = null; // that one has ended

        await AdvanceUntilAsync(host, () => StateIn(host) is SubscriptionState.Synced);
    }

    private static Model.Config.ConfigResource FarAway => TestMesh.Of(
        "kind: ServiceExport\napiVersion: mesh.orleans.io/v1\nmetadata: { name: away, namespace: far }", []).Snapshot.Config.Values.Single();

    private static Model.Config.ConfigResource Service => TestMesh.Of(
        "kind: Service\napiVersion: v1\nmetadata: { name: d, namespace: app }\nspec: { selector: { app: d }, ports: [ { port: 80, name: http } ] }",
        []).Snapshot.Config.Values.Single();

    private static FakeSubscriptionGrain Grain(GatewayHost host) => host.Grains.Subscriptions(AdsClient.NodeId);

    private static StreamNews? Told(GatewayHost host) => Grain(host).Find(AdsClient.NodeId);

    private static SubscriptionState? StateIn(GatewayHost host) =>
        Told(host)?.Types.SingleOrDefault(t => t.TypeUrl == TypeUrls.Cluster)?.State;

    private static Task AdvanceUntilAsync(GatewayHost host, Func<bool> condition) => host.UntilAsync(
        () =>
        {
            if (!condition()) host.Clock.Advance(TimeSpan.FromMilliseconds(50));
            return condition();
        },
        "it is reported");
}
