using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Tests.Translation;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class SnapshotFollowerTests
{
    private const string Settings = "{ kind: MeshConfig, apiVersion: mesh.orleans.io/v1, metadata: { name: default, namespace: istio-system } }";

    private static SnapshotChange Returned => new(
        "workload/app/a-1", 1, SnapshotPayload.Write(TestMesh.Workload("app", "a-1", "10.0.0.1", "app=a")));

    [Fact]
    public async Task Changes_are_applied_in_order()
    {
        await using var host = await GatewayHost.StartAsync();

        host.Grains.Mesh.Put(TestMesh.Workload("app", "b-9", "10.0.0.9", "app=b"));
        host.Grains.Mesh.Remove("workload/app/a-1");
        await UntilAsync(host, host.Grains.Mesh.Number);

        Assert.Equal(["app/b-1", "app/b-2", "app/b-9", "other/c-1"], host.Snapshots.Current.Workloads.Keys);
        Assert.Equal(1, host.Grains.Mesh.Follows);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_keeps_its_content_and_spoils_nothing_else()
    {
        await using var host = await GatewayHost.StartAsync();

        host.Grains.Mesh.Tell(
            new SnapshotChange("workload/app/a-1", 2, "{ no workload"),
            new SnapshotChange("future/thing", 1, "{}"),
            new SnapshotChange("workload/app/b-1", 2, null));
        await UntilAsync(host, host.Grains.Mesh.Number);

        Assert.Equal("10.0.0.1", host.Snapshots.Current.Workloads["app/a-1"].Address);
        Assert.DoesNotContain("app/b-1", host.Snapshots.Current.Workloads.Keys);
        var errors = host.Log.Lines.Where(l => l.Level == LogLevel.Error).ToList();
        Assert.Equal(2, errors.Count);
        Assert.Contains(errors, e => e.Text.Contains("workload/app/a-1", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Text.Contains("future/thing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_lost_follow_is_taken_up_where_it_was()
    {
        await using var host = await GatewayHost.StartEmptyAsync();
        host.Grains.Mesh.BreakAfter = 2;
        host.Grains.Mesh.Load(TestMesh.Of(TestMesh.Services, TestMesh.Workloads).Snapshot);
        host.Grains.Mesh.Remove("workload/app/a-1");
        host.Grains.Mesh.Remove("workload/app/b-1");

        await UntilAsync(host, host.Grains.Mesh.Number);

        Assert.Equal(2, host.Grains.Mesh.Follows);
        Assert.Equal(["app/b-2", "other/c-1"], host.Snapshots.Current.Workloads.Keys);
        Assert.Single(host.Log.Lines, l => l.Level == LogLevel.Warning && l.Text.Contains("interrupted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_gap_loads_the_mesh_anew()
    {
        await using var host = await GatewayHost.StartAsync();

        host.Grains.Mesh.Append(isFull: false, [new SnapshotChange("workload/app/a-1", 5, null)], epoch: "e2");
        await host.UntilAsync(() => host.Log.Lines.Any(l => l.Text.Contains("does not follow", StringComparison.Ordinal)), "the gap is seen");
        await host.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromMilliseconds(100));
                return host.Grains.Mesh.Follows >= 2;
            },
            "it is loaded anew");

        Assert.Contains("app/a-1", host.Snapshots.Current.Workloads.Keys); // what does not follow was not applied
    }

    [Fact]
    public async Task A_store_that_has_lost_the_mesh_takes_nothing_from_the_proxies()
    {
        await using var host = await GatewayHost.StartAsync();
        var held = host.Snapshots.Current;
        await using var client = host.Sotw();
        var clusters = await client.OpenAsync();
        await client.AckAsync(clusters);

        host.Grains.Mesh.Load(MeshSnapshot.Empty, "e2");
        await host.AdvanceUntilAsync(() => host.Snapshots.HoldsLostMesh);
        host.Grains.Mesh.Append(isFull: false, [Returned], "e2");
        await host.AdvanceUntilAsync(() => host.Grains.Mesh.Follows >= 2);

        await client.SilenceAsync();
        Assert.Same(held, host.Snapshots.Current);
        Assert.Contains("mesh_snapshot_lost 1\n", host.Metrics, StringComparison.Ordinal);
        var error = Assert.Single(host.Log.Lines, l => l.Level == LogLevel.Error);
        Assert.Contains("Restore the store", error.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.Lines, l => l.Text.Contains("does not follow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_first_resource_of_a_new_history_makes_it_believed()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Mesh.Load(MeshSnapshot.Empty, "e2");
        await host.AdvanceUntilAsync(() => host.Snapshots.HoldsLostMesh);

        host.Grains.Mesh.Load(TestMesh.Of(Settings, []).Snapshot, "e2");
        await UntilAsync(host, host.Grains.Mesh.Number);

        Assert.Single(host.Snapshots.Current.Config);
        Assert.Empty(host.Snapshots.Current.Workloads);
        Assert.False(host.Snapshots.HoldsLostMesh);
        Assert.Contains("mesh_snapshot_lost 0\n", host.Metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("c m", "e2:", true)]
    [InlineData("c", "e2:", true)]
    [InlineData("m", "e2:", true)]
    [InlineData("c", "e2: m", true)]
    [InlineData("m", "e2: m", false)]
    [InlineData("c m", "e2: c", false)]
    [InlineData("c m", "e1:", false)]
    [InlineData("", "e2:", false)]
    public void Another_history_is_a_loss_when_it_lacks_what_does_not_come_back_by_itself(
        string held, string loaded, bool isLoss) => Assert.Equal(
        isLoss, Xds.Gateway.Snapshots.SnapshotReader.IsLoss(Holding("e1", held), Holding(loaded[..2], loaded[3..])));

    [Fact]
    public void A_full_batch_replaces_everything()
    {
        var held = MeshSnapshot.Empty.Put("workload/app/a-1", SnapshotPayload.Write(TestMesh.Workload("app", "a-1", "10.0.0.1", "app=a")));
        var batch = new SnapshotBatch("e2", 9, IsFull: true, []);

        var update = Xds.Gateway.Snapshots.SnapshotReader.Apply((held, 5), batch, (_, _) => { });

        Assert.Empty(update.Snapshot.Workloads);
        Assert.Equal((new SnapshotVersion("e2", 9), 0), (update.Snapshot.Version, update.Revision));
    }

    /// <param name="epoch">The history that it is of.</param>
    /// <param name="entries">c: it has configuration; m: it has a member.</param>
    private static MeshSnapshot Holding(string epoch, string entries)
    {
        var mesh = TestMesh.Of(
            entries.Contains('c', StringComparison.Ordinal) ? Settings : "",
            entries.Contains('m', StringComparison.Ordinal) ? TestMesh.Workloads[..1] : []);
        return mesh.Snapshot with { Version = new SnapshotVersion(epoch, 7) };
    }

    private static Task UntilAsync(GatewayHost host, long number) => host.UntilAsync(
        () =>
        {
            host.Clock.Advance(TimeSpan.FromMilliseconds(100));
            return host.Snapshots.Current.Version.Number == number;
        },
        $"version {number} is there");
}
