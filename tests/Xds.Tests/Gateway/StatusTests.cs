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
        var grain = host.Grains.Subscription(AdsClient.NodeId);
        var client = host.Delta();
        var answer = await client.OpenAsync();

        await AdvanceUntilAsync(host, () => StateOf(grain) is SubscriptionState.Pending);
        await client.AckAsync(answer);
        await AdvanceUntilAsync(host, () => StateOf(grain) is SubscriptionState.Synced);
        host.Grains.Mesh.Put(Service, revision: 7);
        await client.NackAsync(await client.NextAsync(TypeUrls.Cluster), "it is wrong");
        await AdvanceUntilAsync(host, () => StateOf(grain) is SubscriptionState.Nacked);
        await client.DisposeAsync();
        var calls = new List<string>();
        await AdvanceUntilAsync(host, () =>
        {
            while (grain.Calls.Reader.TryRead(out var call)) calls.Add(call);
            return calls.Contains("disconnect 1");
        });

        Assert.Equal("it is wrong", grain.Types[TypeUrls.Cluster].NackMessage);
        Assert.Equal(answer.Version, grain.Types[TypeUrls.Cluster].AckedVersion);
        Assert.Equal("connect app", calls[0]);
        Assert.Equal([AdsClient.NodeId], host.Grains.Directory.Nodes);
    }

    [Fact]
    public async Task A_revision_that_changes_nothing_for_a_proxy_is_live_there_all_the_same()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.SilenceAsync();

        host.Grains.Mesh.Put(FarAway, revision: 7);

        await host.UntilAsync(() => host.Status.List().Single().Types.Single(t => t.TypeUrl == TypeUrls.Cluster).Revision == 7, "revision 7 is live");
    }

    private static Model.Config.ConfigResource FarAway => TestMesh.Of(
        "kind: ServiceExport\napiVersion: mesh.orleans.io/v1\nmetadata: { name: away, namespace: far }", []).Snapshot.Config.Values.Single();

    private static Model.Config.ConfigResource Service => TestMesh.Of(
        "kind: Service\napiVersion: v1\nmetadata: { name: d, namespace: app }\nspec: { selector: { app: d }, ports: [ { port: 80, name: http } ] }",
        []).Snapshot.Config.Values.Single();

    private static SubscriptionState? StateOf(FakeSubscriptionGrain grain) => grain.Types.GetValueOrDefault(TypeUrls.Cluster)?.State;

    private static Task AdvanceUntilAsync(GatewayHost host, Func<bool> condition) => host.UntilAsync(
        () =>
        {
            if (!condition()) host.Clock.Advance(TimeSpan.FromMilliseconds(50));
            return condition();
        },
        "it is reported");
}
