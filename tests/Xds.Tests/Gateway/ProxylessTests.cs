using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A gRPC program without sidecar is known by its node, and asks for everything by name.</summary>
public sealed class ProxylessTests
{
    private const string Listener = "b.app.svc.cluster.local:80";
    private const string Cluster = "outbound|80||b.app.svc.cluster.local";

    [Fact]
    public async Task It_gets_what_it_names_step_by_step()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();

        await client.SendAsync(TypeUrls.Listener, [Listener], node: Program("10.0.0.1"));
        await AcknowledgeAsync(client, TypeUrls.Listener, Listener);
        await AskAsync(client, TypeUrls.RouteConfiguration, Cluster);
        await AskAsync(client, TypeUrls.Cluster, Cluster);
        await AskAsync(client, TypeUrls.ClusterLoadAssignment, Cluster);
    }

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("10.0.0.1%eth0", false)]
    [InlineData("cart.example", false)]
    [InlineData("", false)]
    public async Task Only_a_literal_address_becomes_one_of_its_listeners(string address, bool isThere)
    {
        var name = $"xds.istio.io/grpc/lds/inbound/{address}:8080";
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();

        await client.SendAsync(TypeUrls.Listener, [name], node: Program(address));

        Assert.Equal(isThere ? [name] : [], (await client.NextAsync(TypeUrls.Listener)).Names);
    }

    private static async Task AskAsync(AdsClient client, string typeUrl, string name)
    {
        await client.SendAsync(typeUrl, [name]);
        await AcknowledgeAsync(client, typeUrl, name);
    }

    private static async Task AcknowledgeAsync(AdsClient client, string typeUrl, string name)
    {
        var answer = await client.NextAsync(typeUrl);
        Assert.Equal([name], answer.Names);
        await client.AckAsync(answer, name);
    }

    private static Node Program(string address)
    {
        var node = AdsClient.Node($"sidecar~{address}~a-1.app~app.svc.cluster.local");
        node.Metadata = new Struct
        {
            Fields =
            {
                ["GENERATOR"] = Value.ForString("grpc"),
                ["MESH_WORKLOAD"] = Value.ForStruct(new Struct
                {
                    Fields = { ["ports"] = Value.ForStruct(new Struct { Fields = { ["http"] = Value.ForNumber(8080) } }) },
                }),
            },
        };
        return node;
    }
}
