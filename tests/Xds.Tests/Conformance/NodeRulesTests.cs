using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Gateway;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What a node says of itself goes into names, logs and listings: it must be printable.</summary>
public sealed class NodeRulesTests
{
    [Theory]
    [InlineData("NAMESPACE", "a\nb")]
    [InlineData("SERVICE_ACCOUNT", "a\u001bb")]
    [InlineData("WORKLOAD_NAME", "a\rb")]
    [InlineData("NETWORK", "a\u0085b")]
    [InlineData("GENERATOR", "grpc\0")]
    public Task Metadata_with_control_characters_is_refused(string field, string text) =>
        AssertRefusedAsync(field, node => node.Metadata = Of(field, Value.ForString(text)));

    [Theory]
    [InlineData("LABELS", "app", "a\0b")]
    [InlineData("LABELS", "a\0b", "app")]
    [InlineData("MESH_WORKLOAD", "address", "10.0.0.1\r\n")]
    public Task So_are_keys_and_values_within_it(string field, string key, string text) =>
        AssertRefusedAsync(field, node => node.Metadata = Of(field, Value.ForStruct(Of(key, Value.ForString(text)))));

    [Fact]
    public Task So_is_a_locality() =>
        AssertRefusedAsync("locality.zone", node => node.Locality = new Locality { Zone = "a\nb" });

    [Fact]
    public Task So_is_a_user_agent() => AssertRefusedAsync("user_agent_name", node => node.UserAgentName = "\u001b[2J");

    [Fact]
    public async Task Fields_that_nobody_reads_may_hold_what_they_like()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);
        client.Node!.Metadata = Of("ANNOTATIONS", Value.ForString("{\n}\n"));

        Assert.NotEmpty((await client.LoadAsync()).Names);
    }

    private static async Task AssertRefusedAsync(string field, Action<Node> spoil)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        spoil(client.Node!);

        await client.SubscribeAsync(TypeUrls.Cluster);
        var end = await client.EndAsync();

        Assert.Equal(GrpcStatusCode.InvalidArgument, end.Code);
        Assert.Contains(field, end.Message, StringComparison.Ordinal);
    }

    private static Struct Of(string field, Value value) => new() { Fields = { [field] = value } };
}
