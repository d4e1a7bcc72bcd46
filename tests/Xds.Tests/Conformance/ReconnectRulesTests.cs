using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Gateway;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What a client gets that was connected before, to this gateway or another.</summary>
/// <remarks>Source: Envoy, "xDS REST and gRPC protocol"; behaviour of gRPC's clients after a reconnect.</remarks>
public sealed class ReconnectRulesTests
{
    private const string Foreign = "nonce-of-another-life";

    public static TheoryData<string, string[]> Types => new()
    {
        { TypeUrls.Cluster, [] },
        { TypeUrls.Cluster, [Mesh.A] },
        { TypeUrls.ClusterLoadAssignment, [Mesh.A, Mesh.B] },
        { TypeUrls.Listener, [] },
        { TypeUrls.RouteConfiguration, ["80"] },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public async Task T33e_a_known_version_is_answered_in_full_on_a_new_stream(string typeUrl, string[] names)
    {
        await using var host = await GatewayHost.StartAsync();
        Answer before;
        await using (var first = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld))
        {
            await first.SubscribeAsync(typeUrl, names);
            before = await first.TakeAsync(typeUrl);
        }

        await using var second = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        await second.SendAsync(Request(typeUrl, names, "", before.Version));

        AssertSame(before, await second.TakeAsync(typeUrl));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_foreign_nonce_on_a_new_stream_is_a_first_request(string typeUrl, string[] names)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var first = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        await first.SubscribeAsync(typeUrl, names);
        var before = await first.TakeAsync(typeUrl);
        await using var second = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);

        await second.SendAsync(Request(typeUrl, names, Foreign, before.Version));
        var again = await second.TakeAsync(typeUrl);

        AssertSame(before, again);
        Assert.NotEqual(Foreign, again.Nonce);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_foreign_nonce_takes_nothing_from_a_first_delta_request(string typeUrl, string[] names)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);

        await client.SendAsync(typeUrl, add: names.Length == 0 ? ["*"] : names, nonce: Foreign);
        var answer = await client.TakeAsync(typeUrl);

        Assert.All(names, name => Assert.Contains(name, answer.Names));
        Assert.NotEmpty(answer.Names);
    }

    [Fact]
    public async Task T33g_of_what_the_client_holds_only_the_difference_is_sent()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var first = await ConformanceClient.OpenAsync(host, Mode.Delta);
        var before = await first.LoadAsync();
        var held = before.Resources.Where(r => r.Name != Mesh.B).Select(r => (r.Name, r.Version)).Append((Mesh.NoSuchName, "1"));
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);

        await client.SendAsync(TypeUrls.Cluster, add: ["*"], held: [.. held]);
        var answer = await client.TakeAsync(TypeUrls.Cluster);

        Assert.Equal([Mesh.B], answer.Names);
        Assert.Equal([Mesh.NoSuchName], answer.Removed.AsEnumerable());
        await client.SilenceAsync();
    }

    [Fact]
    public async Task Who_holds_everything_is_told_so_by_an_empty_answer_and_then_of_changes_only()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var first = await ConformanceClient.OpenAsync(host, Mode.Delta);
        var before = await first.LoadAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);

        await client.SendAsync(TypeUrls.Cluster, add: ["*"], held: [.. before.Resources.Select(r => (r.Name, r.Version))]);
        var empty = await client.TakeAsync(TypeUrls.Cluster);
        host.AddService();

        Assert.Empty(empty.Names);
        Assert.Empty(empty.Removed);
        Assert.Equal([Mesh.D], (await client.TakeAsync(TypeUrls.Cluster)).Names);
    }

    [Theory]
    [InlineData(Mode.StateOfTheWorld)]
    [InlineData(Mode.Delta)]
    public async Task A_node_that_is_named_once_need_not_be_named_again(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        await client.LoadAsync(); // its second request, the ACK, has no node any more
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);

        Assert.Equal([Mesh.B], (await client.TakeAsync(TypeUrls.ClusterLoadAssignment)).Names);
        Assert.Equal(AdsClient.NodeId, host.Status.List().Single().NodeId);
    }

    private static Protocol.Discovery.DiscoveryRequest Request(
        string typeUrl, string[] names, string nonce, string version) => new()
    {
        TypeUrl = typeUrl,
        Node = AdsClient.Node(),
        ResourceNames = { names },
        ResponseNonce = nonce,
        VersionInfo = version,
    };

    private static void AssertSame(Answer before, Answer after)
    {
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Resources.AsEnumerable(), after.Resources.AsEnumerable());
        Assert.NotEmpty(after.Names);
    }
}
