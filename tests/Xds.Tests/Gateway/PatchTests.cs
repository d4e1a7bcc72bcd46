using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Patches;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Who gets a patch, and when: only for what the client is known to hold.</summary>
public sealed class PatchTests
{
    private const string Assignment = "outbound|80||b.app.svc.cluster.local";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_comes_as_a_patch_to_who_takes_it_and_to_nobody_else(bool takesPatches)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, takesPatches);

        var change = await ChangeAsync(host, client, "10.0.0.9");

        Assert.Equal(takesPatches, IsPatch(change));
    }

    [Fact]
    public async Task Who_asks_for_a_name_is_answered_in_full()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host);
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [Assignment]); // once more

        Assert.False(IsPatch(await client.NextAsync(TypeUrls.ClusterLoadAssignment)));
    }

    [Fact]
    public async Task After_a_refusal_everything_is_told_in_full_until_it_is_taken_over()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host);
        var refused = await ChangeAsync(host, client, "10.0.0.9");
        Assert.True(IsPatch(refused));
        await client.NackAsync(refused, "what is held is not what was patched");

        var next = await ChangeAsync(host, client, "10.0.0.10");
        Assert.False(IsPatch(next));
        Assert.Contains("10.0.0.10", Addresses(next));
        await client.AckAsync(next);

        Assert.True(IsPatch(await ChangeAsync(host, client, "10.0.0.11")));
    }

    [Fact]
    public async Task A_refusal_that_asks_anew_is_answered_in_full()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host);
        var refused = await ChangeAsync(host, client, "10.0.0.9");

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [Assignment], nonce: refused.Nonce, error: "it does not fit");

        var whole = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        Assert.False(IsPatch(whole));
        Assert.Contains("10.0.0.9", Addresses(whole));
    }

    [Fact]
    public async Task Who_comes_back_with_another_version_than_the_newest_gets_all_of_it()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();

        await client.ChangeAsync(
            TypeUrls.ClusterLoadAssignment, [Assignment], node: Node(takesPatches: true), held: (Assignment, "some other"));

        Assert.False(IsPatch(await client.NextAsync(TypeUrls.ClusterLoadAssignment)));
    }

    private static async Task<AdsClient> OpenAsync(GatewayHost host, bool takesPatches = true)
    {
        for (var i = 1; i <= 6; i++) host.Grains.Mesh.Put(TestMesh.Workload("app", $"b-more-{i}", $"10.0.1.{i}", "app=b,version=v1"));
        await host.UntilAsync(() => host.Snapshots.Current.Version.Number == host.Grains.Mesh.Number, "the members are known");
        var client = host.Delta();
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [Assignment], node: Node(takesPatches));
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment));
        return client;
    }

    private static async Task<Answer> ChangeAsync(GatewayHost host, AdsClient client, string address)
    {
        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", address, "app=b,version=v1"));
        return await client.NextAsync(TypeUrls.ClusterLoadAssignment);
    }

    private static Protocol.Core.Node Node(bool takesPatches)
    {
        var node = AdsClient.Node();
        if (takesPatches) node.Metadata = new Struct { Fields = { [ResourcePatches.Metadata] = Value.ForString("true") } };
        return node;
    }

    private static bool IsPatch(Answer answer) => Assert.Single(answer.Resources).Content.TypeUrl == ResourcePatches.TypeUrl;

    private static IEnumerable<string> Addresses(Answer answer) =>
        from locality in answer.Read<ClusterLoadAssignment>(Assignment).Endpoints
        from endpoint in locality.LbEndpoints
        select endpoint.Endpoint.Address.SocketAddress.Address;
}
