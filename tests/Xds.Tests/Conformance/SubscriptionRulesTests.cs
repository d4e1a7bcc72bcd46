using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Tests.Gateway;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What a client asks for, and what it gets for that.</summary>
/// <remarks>Source: Envoy, "xDS REST and gRPC protocol"; T33 is this project's conformance case.</remarks>
public sealed class SubscriptionRulesTests
{
    public static TheoryData<Mode> Modes => [Mode.StateOfTheWorld, Mode.Delta];

    public static TheoryData<Mode, string> WildcardTypes => new()
    {
        { Mode.StateOfTheWorld, TypeUrls.Cluster },
        { Mode.StateOfTheWorld, TypeUrls.Listener },
        { Mode.Delta, TypeUrls.Cluster },
        { Mode.Delta, TypeUrls.Listener },
    };

    [Theory]
    [MemberData(nameof(WildcardTypes))]
    public async Task T33a_the_first_request_without_names_gets_everything_and_its_ACK_nothing(Mode mode, string typeUrl)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        await client.SendAsync(typeUrl);
        var everything = await client.TakeAsync(typeUrl);

        Assert.Equal(AllOf(host, typeUrl), everything.Names);
        Assert.NotEmpty(everything.Version);
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(WildcardTypes))]
    public async Task A_star_is_everything_too(Mode mode, string typeUrl)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        await client.SubscribeAsync(typeUrl, "*");
        var everything = await client.TakeAsync(typeUrl);

        Assert.Equal(AllOf(host, typeUrl), everything.Names);
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task T33d_a_name_that_is_added_is_answered(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        await client.SubscribeAsync(TypeUrls.RouteConfiguration, "80");
        var first = await client.NextAsync(TypeUrls.RouteConfiguration);
        await client.SubscribeAsync(TypeUrls.RouteConfiguration, "7070");
        var second = await client.NextAsync(TypeUrls.RouteConfiguration);

        Assert.Equal(["80"], first.Names);
        Assert.Contains("7070", second.Names);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Of_two_names_the_one_that_is_given_up_is_answered_by_nothing_and_told_no_more(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.A, Mesh.B);
        await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        await client.UnsubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        await client.SilenceAsync();
        host.AddEndpoint("b", 9);
        await host.UntilAsync(() => host.Snapshots.Current.Workloads.ContainsKey("app/b-9"), "b is known");
        await client.SilenceAsync();
        host.AddEndpoint("a", 9);

        Assert.Equal([Mesh.A], (await client.NextAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task After_all_names_are_given_up_nothing_of_the_type_comes(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        await client.UnsubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        await client.SilenceAsync();
        await client.SubscribeAsync(TypeUrls.Cluster, Mesh.D);
        await client.TakeAsync(TypeUrls.Cluster);
        host.AddEndpoint("b", 9);
        await host.UntilAsync(() => host.Snapshots.Current.Workloads.ContainsKey("app/b-9"), "b is known");
        host.AddService();

        await client.TakeAsync(TypeUrls.Cluster);
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Names_that_were_never_subscribed_can_be_given_up(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();

        await client.UnsubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.NoSuchName);
        await client.UnsubscribeAsync(TypeUrls.Cluster, Mesh.NoSuchName);

        // A cluster that "*" covers is answered: the client may have dropped it.
        if (mode is Mode.Delta) Assert.Equal([Mesh.NoSuchName], (await client.TakeAsync(TypeUrls.Cluster)).Removed.AsEnumerable());
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_name_given_twice_is_one_name(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        string[] twice = [Mesh.B, Mesh.A, Mesh.B];

        if (mode is Mode.Delta) await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, twice);
        else await client.SendAsync(new DiscoveryRequest { TypeUrl = TypeUrls.ClusterLoadAssignment, Node = client.Node, ResourceNames = { twice } });

        Assert.Equal([Mesh.A, Mesh.B], (await client.NextAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Theory]
    [MemberData(nameof(WildcardTypes))]
    public async Task Named_listeners_and_clusters_come_and_what_is_missing_is_said_to_be_at_once(Mode mode, string typeUrl)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        await client.SubscribeAsync(typeUrl, Mesh.NoSuchName);
        var none = await client.TakeAsync(typeUrl);
        var known = AllOf(host, typeUrl).First();
        await client.SubscribeAsync(typeUrl, known);
        var one = await client.TakeAsync(typeUrl);

        Assert.Empty(none.Names);
        Assert.Equal(mode is Mode.Delta ? [Mesh.NoSuchName] : [], none.Removed.AsEnumerable());
        Assert.Equal([known], one.Names);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_state_of_named_clusters_is_all_of_the_named_ones_each_time()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        await client.SubscribeAsync(TypeUrls.Cluster, Mesh.A, Mesh.B, Mesh.D);
        var before = await client.TakeAsync(TypeUrls.Cluster);

        host.AddService();
        var added = await client.TakeAsync(TypeUrls.Cluster);
        host.RemoveService("a");
        var removed = await client.TakeAsync(TypeUrls.Cluster);

        Assert.Equal([Mesh.A, Mesh.B], before.Names);
        Assert.Equal([Mesh.A, Mesh.B, Mesh.D], added.Names);
        Assert.Equal([Mesh.B, Mesh.D], removed.Names);
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_name_that_comes_into_being_later_is_sent_then(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.D);
        var missing = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        host.AddService();
        var there = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Empty(missing.Names);
        Assert.Equal(mode is Mode.Delta ? [Mesh.D] : [], missing.Removed.AsEnumerable());
        Assert.Equal([Mesh.D], there.Names);
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Routes_that_do_not_exist_come_empty_and_those_that_cease_to_become_empty(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.SubscribeAsync(TypeUrls.RouteConfiguration, Mesh.NoSuchName, "7070");
        var both = await client.TakeAsync(TypeUrls.RouteConfiguration);

        host.Grains.Mesh.Remove("config/Service/other/c");
        var gone = await client.TakeAsync(TypeUrls.RouteConfiguration);

        Assert.Empty(both.Read<RouteConfiguration>(Mesh.NoSuchName).VirtualHosts);
        Assert.NotEmpty(both.Read<RouteConfiguration>("7070").VirtualHosts);
        Assert.Empty(gone.Removed);
        Assert.Empty(gone.Read<RouteConfiguration>("7070").VirtualHosts);
        await client.SilenceAsync(TypeUrls.ClusterLoadAssignment);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_removed_resource_is_told_and_comes_again_when_it_is_added_again(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        host.AddService();
        await host.PicturesAsync(2);
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();

        host.RemoveService("d");
        var removed = await client.TakeAsync(TypeUrls.Cluster);
        host.AddService(revision: 100);
        var again = await client.TakeAsync(TypeUrls.Cluster);

        Assert.DoesNotContain(Mesh.D, removed.Names);
        Assert.Equal(mode is Mode.Delta ? [Mesh.D] : [], removed.Removed.AsEnumerable());
        Assert.Contains(Mesh.D, again.Names);
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Who_gives_up_everything_for_names_gets_those_only(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();

        await client.SendAsync(TypeUrls.Listener); // another type, to see that it is left alone
        var listeners = await client.TakeAsync(TypeUrls.Listener);
        if (mode is Mode.Delta) await client.SendAsync(TypeUrls.Cluster, add: [Mesh.A], remove: ["*"]);
        else await client.SubscribeAsync(TypeUrls.Cluster, Mesh.A);
        var named = await client.TakeAsync(TypeUrls.Cluster);
        host.AddService();
        await host.PicturesAsync(2);
        await client.SilenceAsync(TypeUrls.ClusterLoadAssignment);
        host.RemoveService("a");
        var gone = await client.TakeAsync(TypeUrls.Cluster);

        Assert.NotEmpty(listeners.Names);
        Assert.Equal([Mesh.A], named.Names);
        Assert.Empty(gone.Names);
        Assert.Equal(mode is Mode.Delta ? [Mesh.A] : [], gone.Removed.AsEnumerable());
    }

    [Fact]
    public async Task No_names_after_a_name_are_no_wildcard_but_the_end_of_the_subscription()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        await client.SubscribeAsync(TypeUrls.Cluster, Mesh.A);
        await client.TakeAsync(TypeUrls.Cluster);

        await client.UnsubscribeAsync(TypeUrls.Cluster, Mesh.A);
        await client.SilenceAsync(); // it has been read
        host.RemoveService("a");
        await host.UntilAsync(() => host.Snapshots.Current.Config.Count == 2, "a is gone");

        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_name_that_the_wildcard_covers_is_sent_when_it_is_given_up()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);
        await client.SubscribeAsync(TypeUrls.Cluster, "*", Mesh.A);
        await client.TakeAsync(TypeUrls.Cluster);

        await client.UnsubscribeAsync(TypeUrls.Cluster, Mesh.A);

        Assert.Equal([Mesh.A], (await client.TakeAsync(TypeUrls.Cluster)).Names);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_name_that_is_subscribed_again_is_sent_again()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        var first = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        var second = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal(first.Read<ClusterLoadAssignment>(Mesh.B), second.Read<ClusterLoadAssignment>(Mesh.B));
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_subscription_with_a_stale_nonce_counts_all_the_same()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.A);
        await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        await client.SendAsync(TypeUrls.ClusterLoadAssignment, add: [Mesh.B], remove: [Mesh.A], nonce: "of-long-ago");

        Assert.Equal([Mesh.B], (await client.TakeAsync(TypeUrls.ClusterLoadAssignment)).Names);
        host.AddEndpoint("a", 9);
        await host.UntilAsync(() => host.Snapshots.Current.Workloads.ContainsKey("app/a-9"), "a is known");
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_type_that_nobody_knows_is_logged_and_the_others_live(Mode mode)
    {
        const string unknown = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        await client.SubscribeAsync(unknown, "x");
        await client.SubscribeAsync(TypeUrls.Cluster);

        Assert.Contains(Mesh.A, (await client.TakeAsync(TypeUrls.Cluster)).Names);
        await client.SilenceAsync();
        Assert.Single(host.Log.Lines, line => line.Text.Contains(unknown, StringComparison.Ordinal));
    }

    private static IEnumerable<string> AllOf(GatewayHost host, string typeUrl) =>
        host.Status.FindResources(new ProxyKey("", AdsClient.NodeId))!.Group(typeUrl)!.Resources.Select(r => r.Name);
}
