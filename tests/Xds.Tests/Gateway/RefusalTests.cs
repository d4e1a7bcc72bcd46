using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>What a client refuses is not sent again before its content changes, and nothing else waits for that.</summary>
public sealed class RefusalTests
{
    private const string ClusterA = "outbound|80||a.app.svc.cluster.local";
    private const string ClusterB = "outbound|80||b.app.svc.cluster.local";
    private static readonly Workload NewA = TestMesh.Workload("app", "a-9", "10.0.0.8", "app=a");
    private static readonly Workload NewB = TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refused_resource_stays_away_when_another_one_changes_and_comes_when_it_changes_itself(bool delta)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = delta ? host.Delta() : host.Sotw();
        await LoadAsync(client, delta);
        host.Grains.Mesh.Put(NewB);

        await client.NackAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), "no", ClusterA, ClusterB);
        await client.SilenceAsync();
        host.Grains.Mesh.Put(NewA);
        var other = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(other, ClusterA, ClusterB);
        await client.SilenceAsync();
        await UntilAsync(host, SubscriptionState.Nacked, "no");
        host.Grains.Mesh.Put(NewB with { Address = "10.0.0.10" });
        var itself = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(itself, ClusterA, ClusterB);
        await client.SilenceAsync();

        Assert.Equal([ClusterA], other.Names);
        Assert.Equal([ClusterB], itself.Names);
        await UntilAsync(host, SubscriptionState.Synced, "");
    }

    [Fact]
    public async Task A_refused_resource_is_sent_to_whoever_asks_for_it_again()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await LoadAsync(client, delta: true);
        host.Grains.Mesh.Put(NewB);
        await client.NackAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), "no");

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        var again = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(again);
        await client.SilenceAsync();

        Assert.Equal([ClusterB], again.Names);
        await UntilAsync(host, SubscriptionState.Synced, "");
    }

    [Fact]
    public async Task A_refusal_counts_though_more_was_asked_for_and_sent_before_it_came()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await LoadAsync(client, delta: true);
        host.Grains.Mesh.Put(NewA);
        var refused = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterB]);
        var asked = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.NackAsync(refused, "a is bad");
        await client.AckAsync(asked);
        await client.SilenceAsync();

        Assert.Equal([ClusterA], refused.Names);
        Assert.Equal([ClusterB], asked.Names);
        await UntilAsync(host, SubscriptionState.Nacked, "a is bad");
        host.Grains.Mesh.Put(NewA with { Address = "10.0.0.11" });
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment));
        await UntilAsync(host, SubscriptionState.Synced, "");
    }

    [Fact]
    public async Task A_refusal_of_what_was_sent_again_since_is_decided_by_the_later_answer()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await LoadAsync(client, delta: true);
        host.Grains.Mesh.Put(NewA);
        var refused = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA]);
        var again = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.NackAsync(refused, "not yet");
        await client.AckAsync(again);
        await client.SilenceAsync();

        Assert.Equal([ClusterA], again.Names);
        await UntilAsync(host, SubscriptionState.Synced, "");
    }

    [Fact]
    public async Task Of_resources_that_are_refused_together_the_good_ones_get_through()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB]);

        await client.NackAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), "no");
        var first = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(first);
        var second = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.NackAsync(second, "b is bad");
        await client.SilenceAsync();
        host.Grains.Mesh.Put(NewA);
        var third = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal([ClusterA], first.Names);
        Assert.Equal([ClusterB], second.Names);
        Assert.Equal([ClusterA], third.Names);
        await UntilAsync(host, SubscriptionState.Nacked, "b is bad");
    }

    [Fact]
    public async Task The_one_bad_cluster_among_many_is_found_in_few_steps()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        var all = await client.OpenAsync();
        var accepted = new HashSet<string>();

        var (answer, refusals) = (all, 0);
        while (true)
        {
            var isBad = answer.Names.Contains(ClusterB);
            if (isBad) refusals++;
            else accepted.UnionWith(answer.Names);
            await (isBad ? client.NackAsync(answer, "no") : client.AckAsync(answer));
            if (accepted.Count == all.Resources.Length - 1) break;
            answer = await client.NextAsync(TypeUrls.Cluster);
        }

        await client.SilenceAsync();
        Assert.Equal(all.Names.Where(n => n != ClusterB).ToHashSet(), accepted);
        Assert.True(refusals <= 1 + Math.Ceiling(Math.Log2(all.Resources.Length)), $"{refusals} of {all.Resources.Length}");
    }

    [Fact]
    public async Task Who_refuses_everything_is_soon_left_alone_and_still_told_of_changes()
    {
        await using var host = await GatewayHost.StartAsync(SlowClient.LargeMesh());
        await using var client = host.Delta();
        var answer = await client.OpenAsync();

        for (var i = 1; i <= 33; i++)
        {
            await client.NackAsync(answer, "no");
            if (i <= 32) answer = await client.NextAsync(TypeUrls.Cluster);
        }

        await client.SilenceAsync();
        host.Grains.Mesh.Put(TestMesh.Of(TestMesh.Services, []).Snapshot.Config.Values.First(), revision: 2);
        Assert.Equal([ClusterA], (await client.NextAsync(TypeUrls.Cluster)).Names);
    }

    [Fact]
    public async Task What_changes_on_the_way_is_not_tried_in_its_old_form()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB]);
        await client.NackAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), "no");
        var first = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        host.Grains.Mesh.Put(NewB);
        await host.BringsAsync(ClusterB, NewB.Address);
        await client.SilenceAsync();
        await client.AckAsync(first);
        var second = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(second);

        Assert.Equal([ClusterB], second.Names);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_removal_is_told_again_when_what_came_with_it_was_refused()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.Debounce = TimeSpan.FromSeconds(1));
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());
        host.Grains.Mesh.Remove("config/Service/app/a");
        host.Grains.Mesh.Put(
            TestMesh.Of("kind: Service\napiVersion: v1\nmetadata: { name: d, namespace: app }\nspec: { selector: { app: d }, ports: [ { port: 80, name: http } ] }", [])
                .Snapshot.Config.Values.Single(),
            revision: 100);
        await host.UntilAsync(() => host.Snapshots.Revision == 100, "both changes have arrived");
        await host.AdvanceUntilAsync(() => host.Metrics.Contains("pilot_xds_pushes{type=\"cds\"} 2", StringComparison.Ordinal));

        await client.NackAsync(await client.NextAsync(TypeUrls.Cluster), "no");
        var again = await client.NextAsync(TypeUrls.Cluster);
        await client.AckAsync(again);

        Assert.Empty(again.Resources);
        Assert.Contains(ClusterA, again.Removed);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task A_NACK_that_names_more_is_answered_by_what_it_adds()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Sotw();
        await client.AckAsync(await client.OpenAsync());
        await client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterA]);

        await client.NackAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), "no", ClusterA, ClusterB);
        var added = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal([ClusterB], added.Names);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_part_of_a_divided_answer_can_be_refused(bool delta)
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.MaxResponseSize = 1_000);
        for (var i = 1; i <= 5; i++)
        {
            host.Grains.Mesh.Put(TestMesh.Workload("app", $"a-1{i}", $"10.0.1.{i}", "app=a"));
            host.Grains.Mesh.Put(TestMesh.Workload("app", $"b-1{i}", $"10.0.2.{i}", "app=b"));
        }

        await host.UntilAsync(() => host.Pictured.Workloads.Count == 14, "the members are known");
        await using var client = delta ? host.Delta() : host.Sotw();
        await (delta
            ? client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB], node: AdsClient.Node())
            : client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB], node: AdsClient.Node()));
        var first = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.NackAsync(first, "no", ClusterA, ClusterB);
        var second = await client.NextAsync(TypeUrls.ClusterLoadAssignment);
        await client.AckAsync(second, ClusterA, ClusterB);
        await client.SilenceAsync();

        Assert.Equal([ClusterA], first.Names);
        Assert.Equal([ClusterB], second.Names);
        await UntilAsync(host, SubscriptionState.Nacked, "no");
    }

    private static Task UntilAsync(GatewayHost host, SubscriptionState state, string message) => host.UntilAsync(
        () => host.Status.List().Single().Types.Any(
            t => t.TypeUrl == TypeUrls.ClusterLoadAssignment && t.State == state && t.NackMessage == message),
        $"endpoints are {state}");

    /// <summary>All clusters and the endpoints of two, acknowledged.</summary>
    private static async Task LoadAsync(AdsClient client, bool delta)
    {
        await client.AckAsync(await client.OpenAsync());
        await (delta
            ? client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB])
            : client.SendAsync(TypeUrls.ClusterLoadAssignment, [ClusterA, ClusterB]));
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), ClusterA, ClusterB);
    }
}
