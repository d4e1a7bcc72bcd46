using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Who may open a stream, and what a stream may not do.</summary>
public sealed class StreamRulesTests
{
    private const string Cart = "spiffe://cluster.local/ns/app/sa/a";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_gateway_that_does_not_know_the_mesh_refuses_streams(bool delta)
    {
        await using var host = await GatewayHost.StartEmptyAsync();
        await using var client = delta ? host.Delta() : host.Sotw();

        Assert.Equal(new GrpcStatus(GrpcStatusCode.Unavailable, "The server is not ready."), await client.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_first_request_must_carry_a_node(bool delta)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = delta ? host.Delta() : host.Sotw();

        await (delta ? client.ChangeAsync(TypeUrls.Cluster, ["*"]) : client.SendAsync(TypeUrls.Cluster, []));

        var status = await client.EndAsync();
        Assert.Equal(GrpcStatusCode.InvalidArgument, status.Code);
        Assert.Contains("node.id", status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spiffe://cluster.local/ns/other/sa/a", "sidecar~10.0.0.1~a-1.app~app.svc.cluster.local", "", "")] // by its id
    [InlineData("spiffe://cluster.local/ns/other/sa/a", "proxy", "app", "")] // by its metadata
    [InlineData("spiffe://cluster.local/ns/app/sa/b", "proxy", "app", "a")] // by its service account
    public async Task A_node_that_claims_to_be_another_is_refused_and_both_are_named(string identity, string id, string ns, string account)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw(identity);
        var node = new Node { Id = id, Metadata = new Struct() };
        if (ns.Length > 0) node.Metadata.Fields["NAMESPACE"] = Value.ForString(ns);
        if (account.Length > 0) node.Metadata.Fields["SERVICE_ACCOUNT"] = Value.ForString(account);

        await client.SendAsync(TypeUrls.Cluster, [], node: node);

        var status = await client.EndAsync();
        Assert.Equal(GrpcStatusCode.PermissionDenied, status.Code);
        Assert.Contains(identity, status.Message, StringComparison.Ordinal);
        Assert.Contains(account.Length > 0 ? "'a'" : "'app'", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_later_node_cannot_change_who_the_stream_belongs_to()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw(Cart);
        await client.AckAsync(await client.OpenAsync());

        await client.SendAsync(TypeUrls.RouteConfiguration, ["80"], node: AdsClient.Node("sidecar~10.0.0.4~c-1.other~other.svc.cluster.local"));
        await client.NextAsync(TypeUrls.RouteConfiguration);

        Assert.Equal((AdsClient.NodeId, "app"), (host.Status.List().Single().NodeId, host.Status.List().Single().Connection.Namespace));
    }

    [Fact]
    public async Task A_type_that_nobody_knows_is_passed_over_and_the_others_live()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());

        await client.SendAsync("type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", ["x"]);

        await client.SilenceAsync();
        Assert.Contains(host.Log.Lines, line => line.Text.Contains("TypedExtensionConfig", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    public async Task A_name_with_control_characters_ends_the_stream(string name)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.OpenAsync();

        await client.SendAsync(TypeUrls.RouteConfiguration, [name]);

        Assert.Equal(GrpcStatusCode.InvalidArgument, (await client.EndAsync()).Code);
    }

    [Fact]
    public async Task Too_many_names_end_the_stream_and_the_limit_is_named()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.OpenAsync();

        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [.. Enumerable.Range(0, 10_001).Select(i => $"c{i}")]);

        var status = await client.EndAsync();
        Assert.Equal(GrpcStatusCode.ResourceExhausted, status.Code);
        Assert.Contains("10000", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_names_little_by_little_end_the_stream_too()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.MaxResourceNames = 3);
        await using var client = host.Delta();
        await client.OpenAsync();

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, ["a", "b"]);
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, ["c", "d"]);

        Assert.Equal(GrpcStatusCode.ResourceExhausted, (await client.EndAsync()).Code);
    }

    [Fact]
    public async Task A_flood_of_requests_ends_its_own_stream_only()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.RequestBurst = 20);
        await using var flood = host.Sotw();
        await using var calm = host.Sotw();
        await calm.AckAsync(await calm.OpenAsync());
        var answer = await flood.OpenAsync();

        for (var i = 0; i < 20; i++) await flood.NackAsync(answer, "again");

        Assert.Equal(GrpcStatusCode.ResourceExhausted, (await flood.EndAsync()).Code);
        await calm.SilenceAsync();
    }

    [Fact]
    public async Task A_hundred_and_fifty_streams_share_one_connection()
    {
        await using var host = await GatewayHost.StartAsync();
        var clients = Enumerable.Range(0, 150).Select(_ => host.Delta()).ToArray();

        var answers = await Task.WhenAll(clients.Select((c, i) => c.OpenAsync($"sidecar~10.0.0.1~a-{i}.app~app.svc.cluster.local")));
        foreach (var (client, answer) in clients.Zip(answers)) await client.AckAsync(answer);
        host.Grains.Mesh.Remove("config/Service/app/b");
        var changes = await Task.WhenAll(clients.Select(c => c.NextAsync(TypeUrls.Cluster)));

        Assert.Equal(150, host.Status.Count);
        Assert.All(changes, c => Assert.NotEmpty(c.Removed));
        foreach (var client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task Equal_proxies_get_equal_bytes_and_versions()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var one = host.Sotw();
        await using var two = host.Sotw();

        var first = await one.OpenAsync("sidecar~10.0.0.1~a-1.app~app.svc.cluster.local");
        var second = await two.OpenAsync("sidecar~10.0.0.7~a-2.app~app.svc.cluster.local");

        Assert.Equal(first.Version, second.Version);
        Assert.Equal(first.Resources.Select(r => r.Content), second.Resources.Select(r => r.Content));
    }

    [Fact]
    public async Task The_connection_is_counted_and_pushes_are_too()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        host.Grains.Mesh.Remove("config/Service/app/b");
        await client.AckAsync(await client.NextAsync(TypeUrls.Cluster));
        await client.SilenceAsync();

        var text = host.Metrics;

        Assert.Contains("pilot_xds 1\n", text, StringComparison.Ordinal);
        Assert.Contains("pilot_xds_pushes{type=\"cds\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("pilot_proxy_convergence_time_count 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_resources_of_a_connected_node_can_be_looked_at()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        var clusters = await client.OpenAsync();

        var resources = host.Status.FindResources(new ProxyKey("", AdsClient.NodeId));

        Assert.Equal(clusters.Version, resources?.Clusters.VersionInfo);
        Assert.Null(host.Status.FindResources(new ProxyKey("", "nobody")));
        Assert.NotNull(host.Status.FindResources(new ProxyKey("", AdsClient.NodeId), ns => ns == "app"));
        Assert.Null(host.Status.FindResources(new ProxyKey("", AdsClient.NodeId), ns => ns != "app")); // though others may bear its name
        Assert.Null(host.Status.FindResources(new ProxyKey("spiffe://cluster.local/ns/app/sa/b", AdsClient.NodeId)));
    }
}
