using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Istio;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>The table of names over a socket: one resource for who asks, anew when it changes.</summary>
public sealed class NameTableStreamTests
{
    private const string B = "b.app.svc.cluster.local";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_told_to_who_asks_and_again_only_when_it_changes(bool isDelta)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = isDelta ? host.Delta() : host.Sotw();
        await (isDelta
            ? client.ChangeAsync(TypeUrls.NameTable, node: AdsClient.Node())
            : client.SendAsync(TypeUrls.NameTable, [], node: AdsClient.Node()));
        var first = await client.NextAsync(TypeUrls.NameTable);
        await client.AckAsync(first);

        host.Grains.Mesh.Put(TestMesh.Workloads[1] with { Weight = 5 });
        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-3", "10.0.0.9", "app=b"));

        var second = await client.NextAsync(TypeUrls.NameTable);
        Assert.Equal(["10.0.0.2", "10.0.0.3"], Table(first).Table[B].Ips);
        Assert.Equal(["10.0.0.2", "10.0.0.3", "10.0.0.9"], Table(second).Table[B].Ips);
        await client.AckAsync(second);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task Who_does_not_ask_is_not_told()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());

        await client.SilenceAsync();
    }

    private static NameTable Table(Answer answer) => Assert.Single(answer.Resources).Content.Unpack<NameTable>();
}
