using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Where the mesh scopes automatically, a sidecar is told of the hosts that it asks for.</summary>
public sealed class HostDemandTests
{
    private const string HostB = "b.app.svc.cluster.local";
    private const string HostC = "c.other.svc.cluster.local";
    private const string ClusterA = "outbound|80||a.app.svc.cluster.local";
    private const string ClusterB = $"outbound|80||{HostB}";
    private const string ClusterC = $"outbound|80||{HostC}";
    private const string Identity = "spiffe://cluster.local/ns/app/sa/default";
    private const string Key = "app/default/";

    private const string On = """

        ---
        kind: MeshConfig
        apiVersion: mesh.orleans.io/v1
        metadata: { name: default, namespace: istio-system }
        spec: { autoScope: true }
        """;

    private const string ServiceD = "kind: Service\napiVersion: v1\nmetadata: { name: d, namespace: app }\n"
        + "spec: { selector: { app: d }, ports: [ { port: 80, name: http } ] }";

    [Fact]
    public async Task At_first_nothing_is_told_but_that_one_may_ask()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);

        await client.OpenAsync();

        Assert.Empty(client.Clusters);
        Assert.Equal([OnDemand.Name], client.VirtualHosts(80));
    }

    [Fact]
    public async Task A_host_that_is_asked_for_comes_whole_and_then_the_answer()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();
        client.Log.Clear();

        var answer = await client.DemandAsync("c.other:7070");

        Assert.Equal(["c.other:7070"], answer.Names);
        Assert.Equal(HostC, answer.Read<Google.Protobuf.WellKnownTypes.StringValue>("c.other:7070").Value);
        Assert.Equal(["Cluster", "ClusterLoadAssignment", "Listener"], client.Log[..3]);
        Assert.Equal("HostDemand", client.Log[^1]);
        Assert.Equal(["outbound|7070||" + HostC, ClusterC], client.Clusters);
        Assert.Equal([HostC, OnDemand.Name], client.VirtualHosts(7070));
        Assert.Equal([HostC, OnDemand.Name], client.VirtualHosts(80));
    }

    [Fact]
    public async Task A_service_of_bytes_comes_with_its_listener()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();

        var answer = await client.DemandAsync("b:9000");

        Assert.Equal(
            "b.app.svc.cluster.local", answer.Read<Google.Protobuf.WellKnownTypes.StringValue>("b:9000").Value);
        Assert.Contains("outbound|9000||b.app.svc.cluster.local", client.Clusters);
        Assert.Contains("b.app.svc.cluster.local_9000", client.Listeners);
    }

    [Theory]
    [InlineData("nobody.example")]
    [InlineData("c")] // a short name of another namespace
    [InlineData("b:9001")] // no port of it
    [InlineData("b:99999")]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("[::1")]
    public async Task A_name_that_leads_nowhere_is_answered_at_once(string name)
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();

        var answer = await client.DemandAsync(name);

        Assert.Equal(name, Assert.Single(answer.Removed));
        Assert.Empty(answer.Names);
        Assert.Empty(client.Clusters);
    }

    [Fact]
    public async Task Several_names_of_one_host_and_one_asked_twice_are_all_answered()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();

        var first = await client.DemandAsync("b", "b.app:80", "nobody");
        while (first.Names.Count() < 2) first = await client.AnsweredAsync(); // the refusal need not wait for the rest
        client.Log.Clear();
        var second = await client.DemandAsync("b");

        Assert.Equal(["b", "b.app:80"], first.Names.Order());
        Assert.Equal(["b"], second.Names);
        Assert.Equal(["HostDemand"], client.Log); // nothing is sent again
    }

    [Fact]
    public async Task A_host_asked_for_while_a_push_is_outstanding_comes_after_it()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();

        await client.Ads.ChangeAsync(TypeUrls.HostDemand, ["b"]);
        var clusters = await client.Ads.NextAsync(TypeUrls.Cluster);
        await client.Ads.ChangeAsync(TypeUrls.HostDemand, ["c.other"]); // the clusters are not answered yet
        await client.Ads.SilenceAsync();
        await client.Ads.AckAsync(clusters);
        await client.Ads.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB, $"outbound|9000||{HostB}"]);
        await client.UntilAsync(() => client.VirtualHosts(80).Contains(HostC) && client.VirtualHosts(80).Contains(HostB));
        var answer = await client.AnsweredAsync();

        Assert.Contains(ClusterB, clusters.Names);
        Assert.DoesNotContain(ClusterC, clusters.Names);
        Assert.Equal(["b", "c.other"], answer.Names.Order());
    }

    [Fact]
    public async Task A_client_that_refuses_what_it_asked_for_is_answered_all_the_same()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();

        client.Refuses = answer => answer.TypeUrl == TypeUrls.Cluster && answer.Names.Any(n => n.EndsWith(HostB, StringComparison.Ordinal));
        var answer = await client.DemandAsync("b");
        var other = await client.DemandAsync("c.other");

        Assert.Equal(["b"], answer.Names);
        Assert.Equal(["c.other"], other.Names);
        Assert.Contains(ClusterC, client.Clusters);
    }

    [Fact]
    public async Task A_used_host_that_goes_and_comes_back_is_told_again()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        host.Grains.Mesh.Put(TestMesh.Of(ServiceD, []).Snapshot.Config.Values.Single(), revision: 2);
        await host.PicturesAsync(2);
        await client.OpenAsync(["d"]);

        host.Grains.Mesh.Remove("config/Service/app/d");
        await client.UntilAsync(() => !client.Clusters.Any() && client.VirtualHosts(80).Count() == 1);
        host.Grains.Mesh.Put(TestMesh.Of(ServiceD, []).Snapshot.Config.Values.Single(), revision: 100);
        await client.UntilAsync(() => client.VirtualHosts(80).Contains("d.app.svc.cluster.local"));

        Assert.Equal(["outbound|80||d.app.svc.cluster.local"], client.Clusters);
    }

    [Fact]
    public async Task What_nobody_uses_reaches_nobody()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync(["b"]);

        host.Grains.Mesh.Put(TestMesh.Workload("other", "c-9", "10.0.0.99", "app=c"));
        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.98", "app=b,version=v1"));
        var answer = await client.Ads.NextAsync(TypeUrls.ClusterLoadAssignment);

        Assert.All(answer.Names, name => Assert.Contains(HostB, name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clients_that_use_the_same_share_a_translation_and_leave_none_behind()
    {
        await using var host = await StartAsync();
        await using var one = new OnDemandClient(host);
        await using var other = new OnDemandClient(host);
        await one.OpenAsync(["b"]);
        await other.OpenAsync(["c.other"]);
        Assert.Equal(2, host.Scopes.Count);

        await one.DemandAsync("c.other");
        await other.DemandAsync("b");
        Assert.Equal(1, host.Scopes.Count);

        one.Ads.Finish();
        other.Ads.Finish();
        await host.UntilAsync(() => host.Scopes.Count == 0, "the scopes of both are given up");
    }

    [Theory]
    [InlineData("spec: { autoScope: false }")]
    [InlineData("spec: { }")]
    public async Task Who_need_not_ask_is_told_of_everything_and_answered_all_the_same(string spec)
    {
        await using var host = await GatewayHost.StartAsync(
            TestMesh.With(On[5..].Replace("spec: { autoScope: true }", spec, StringComparison.Ordinal)).Snapshot);
        await using var client = new OnDemandClient(host);

        await client.OpenAsync();
        var answer = await client.DemandAsync("b");

        Assert.Equal(["b"], answer.Names);
        Assert.Contains("allow_any", client.VirtualHosts(80));
        Assert.Contains(ClusterC, client.Clusters);
    }

    [Fact]
    public async Task Who_does_not_say_that_it_asks_is_told_of_everything()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);

        await client.OpenAsync(node: AdsClient.Node());

        Assert.Contains(ClusterC, client.Clusters);
        Assert.Contains("allow_any", client.VirtualHosts(80));
    }

    [Fact]
    public async Task A_Sidecar_resource_counts_instead()
    {
        await using var host = await GatewayHost.StartAsync(TestMesh.With(On[5..] + """

            ---
            kind: Sidecar
            apiVersion: networking.istio.io/v1
            metadata: { name: default, namespace: app }
            spec: { egress: [ { hosts: [ "./*" ] } ] }
            """).Snapshot);
        await using var client = new OnDemandClient(host);

        await client.OpenAsync();

        Assert.Contains(ClusterA, client.Clusters);
        Assert.DoesNotContain(ClusterC, client.Clusters);
        Assert.Contains("allow_any", client.VirtualHosts(80));
    }

    [Fact]
    public async Task Switching_it_on_and_off_narrows_and_widens_open_streams()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync(["b"]);
        Assert.Contains(ClusterC, client.Clusters);

        var on = TestMesh.Of(On[5..], []).Snapshot.Config.Values.Single();
        host.Grains.Mesh.Put(on, revision: 2);
        await client.UntilAsync(() => client.VirtualHosts(80).SequenceEqual([HostB, OnDemand.Name]) && client.Clusters.Count() == 2);
        host.Grains.Mesh.Remove($"config/{on.Key}");
        await client.UntilAsync(() => client.VirtualHosts(80).Contains("allow_any") && client.VirtualHosts(80).Contains(HostC));

        Assert.Contains(ClusterC, client.Clusters);
    }

    [Fact]
    public async Task What_its_like_have_called_is_told_from_the_start_and_what_it_calls_is_remembered()
    {
        await using var host = await StartAsync();
        host.Grains.Scope(Key).Hosts = [HostB, "gone.app.svc.cluster.local"];
        await using var client = new OnDemandClient(host, Identity);

        await client.OpenAsync(held: ["c.other:80"]); // what it only holds counts for nothing where there is a memory
        Assert.Equal([HostB, OnDemand.Name], client.VirtualHosts(80));
        await client.DemandAsync("a", "a.app");
        await host.AdvanceUntilAsync(() => host.Grains.Scope(Key).Told.Reader.TryPeek(out _), TimeSpan.FromSeconds(1));

        Assert.Equal("a.app.svc.cluster.local", Assert.Single(await host.Grains.Scope(Key).Told.Reader.ReadAsync()));
    }

    [Fact]
    public async Task Without_a_memory_it_starts_with_what_it_holds_and_in_time()
    {
        await using var host = await StartAsync();
        host.Grains.Scope(Key).IsMute = true;
        await using var client = new OnDemandClient(host, Identity);

        var opening = client.OpenAsync(held: [$"{HostB}:80", "nobody:80"]);
        await host.Grains.Scope(Key).Recalls.Reader.ReadAsync();
        host.Clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(opening.IsCompleted);
        await host.AdvanceUntilAsync(() => opening.IsCompleted, TimeSpan.FromMilliseconds(1));
        await opening;

        Assert.Equal([HostB, OnDemand.Name], client.VirtualHosts(80));
    }

    [Fact]
    public async Task An_operator_sees_what_it_is_told_of()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync(["b"]);
        await client.DemandAsync("c.other");

        await host.AdvanceUntilAsync(
            () => host.Grains.Subscriptions(AdsClient.NodeId).Find(AdsClient.NodeId)?.Scope is { Hosts: [HostB, HostC] }, TimeSpan.FromSeconds(1));

        Assert.Equal([HostB, HostC], Assert.Single(host.Status.List()).Scope!.Hosts.AsEnumerable());
    }

    [Fact]
    public async Task Who_has_not_proved_who_it_is_neither_learns_nor_teaches()
    {
        await using var host = await StartAsync();
        host.Grains.Scope(Key).Hosts = [HostB];
        await using var client = new OnDemandClient(host);

        await client.OpenAsync(["c.other"]);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        await client.DemandAsync("a");

        Assert.DoesNotContain(HostB, client.VirtualHosts(80));
        Assert.False(host.Grains.Scope(Key).Recalls.Reader.TryPeek(out _));
        Assert.False(host.Grains.Scope(Key).Told.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task Who_uses_too_much_gets_everything()
    {
        await using var host = await StartAsync(o => o.MaxUsedHosts = 1);
        await using var client = new OnDemandClient(host);
        await client.OpenAsync(["b"]);
        Assert.Equal([HostB, OnDemand.Name], client.VirtualHosts(80));

        await client.DemandAsync("c.other");

        Assert.Contains(ClusterA, client.Clusters);
        Assert.Contains("allow_any", client.VirtualHosts(80));
    }

    [Fact]
    public async Task Too_many_names_that_wait_end_the_stream()
    {
        await using var host = await StartAsync(o => o.MaxResourceNames = 3);
        await using var client = new OnDemandClient(host);
        await client.Ads.ChangeAsync(TypeUrls.HostDemand, ["b", "b.app"], node: OnDemandClient.Node());
        await client.Ads.ChangeAsync(TypeUrls.HostDemand, ["c.other", "a"]); // no clusters are asked for: all of them wait

        Assert.Equal(GrpcStatusCode.ResourceExhausted, (await client.Ads.EndAsync()).Code);
    }

    [Fact]
    public async Task Who_asks_too_often_loses_its_stream()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();

        for (var i = 0; i < 101; i++) await client.Ads.ChangeAsync(TypeUrls.HostDemand, ["b"]); // no time passes here

        Assert.Equal(GrpcStatusCode.ResourceExhausted, (await client.Ads.EndAsync()).Code);
    }

    [Fact]
    public async Task A_name_with_control_characters_ends_the_stream()
    {
        await using var host = await StartAsync();
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();

        await client.Ads.ChangeAsync(TypeUrls.HostDemand, ["b\n"]);

        Assert.Equal(GrpcStatusCode.InvalidArgument, (await client.Ads.EndAsync()).Code);
    }

    private static Task<GatewayHost> StartAsync(Action<MeshOrleans.Xds.Gateway.XdsGatewayOptions>? configure = null) =>
        GatewayHost.StartAsync(TestMesh.With(On[5..]).Snapshot, configure);
}
