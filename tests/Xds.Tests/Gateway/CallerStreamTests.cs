using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>What sidecars tell of plaintext callers comes to the grain of their namespace.</summary>
public sealed class CallerStreamTests
{
    private const string Identity = "spiffe://cluster.local/ns/app/sa/default";

    [Fact]
    public async Task A_report_is_passed_on_with_who_watches_and_by_the_clock_of_the_gateway()
    {
        await using var host = await StartAsync();
        await using var client = host.Delta(Identity);
        await OpenAsync(client);
        var now = host.Clock.GetUtcNow();

        await ReportAsync(client, ("watch", "r1 60000"), ("8080/10.0.0.7", "Permissive plain 3 1 5000 0"));
        var told = await ToldAsync(host, 1);

        Assert.Equal((AdsClient.NodeId, "a-1", "a-v1", "r1"), (told.NodeId, told.Workload, told.Group, told.Run));
        Assert.Equal("a", told.Labels["app"]);
        Assert.Equal(Assert.Single(host.Status.List()).Since, told.OpenedAt);
        Assert.Equal((now.AddMinutes(-1), now), (told.WatchesSince, told.HeardAt));
        Assert.Equal(
            new SeenCaller(8080, "10.0.0.7", CallerDemand.Permissive, false, 3, 1, now.AddSeconds(-5), now),
            Assert.Single(told.Callers));
    }

    [Fact]
    public async Task One_that_has_not_proved_who_it_is_is_not_believed()
    {
        await using var host = await StartAsync();
        await using var client = host.Delta();
        await OpenAsync(client);
        await using var other = host.Delta(Identity);
        await OpenAsync(other, "sidecar~10.0.0.2~a-2.app~app.svc.cluster.local");

        await ReportAsync(client, ("watch", "r1 5"), ("8080/10.0.0.7", "Permissive plain 3 1 5000 0"));
        await ReportAsync(other, ("watch", "r2 5"));
        await ToldAsync(host, 1);

        Assert.Equal("r2", Assert.Single(host.Grains.Callers("app").Told).Run);
    }

    [Fact]
    public async Task What_could_not_be_told_is_told_again_together_with_what_came_meanwhile()
    {
        await using var host = await StartAsync();
        var grain = host.Grains.Callers("app");
        grain.IsAway = true;
        await using var client = host.Delta(Identity);
        await OpenAsync(client);

        await ReportAsync(client, ("watch", "r1 5"), ("8080/10.0.0.7", "Permissive plain 1 0 0 0"), ("9000/10.0.0.7", "Disable plain 1 0 0 0"));
        await host.AdvanceUntilAsync(() => grain.Calls > 0, TimeSpan.FromSeconds(1));
        await ReportAsync(client, ("watch", "r1 9"), ("8080/10.0.0.7", "Permissive plain 2 0 0 0"));
        grain.IsAway = false;
        var told = await ToldAsync(host, 1);

        Assert.Equal([(8080, 2L), (9000, 1L)], told.Callers.Select(c => (c.Port, c.Connections)).Order());
    }

    [Fact]
    public async Task Nonsense_ends_no_stream()
    {
        await using var host = await StartAsync();
        await using var client = host.Delta(Identity);
        await OpenAsync(client);

        await ReportAsync(client, ("watch", "no number"), ("x", "y"));
        await ReportAsync(client);

        Assert.Empty(host.Grains.Callers("app").Told);
    }

    private static Task<GatewayHost> StartAsync() => GatewayHost.StartAsync();

    private static async Task OpenAsync(AdsClient client, string id = AdsClient.NodeId)
    {
        await client.ChangeAsync(TypeUrls.Cluster, ["*"], node: Node(id));
        await client.AckAsync(await client.NextAsync(TypeUrls.Cluster));
    }

    private static async Task ReportAsync(AdsClient client, params (string, string)[] held)
    {
        await client.ChangeAsync(TypeUrls.PlaintextCallers, held: held);
        await client.ChangeAsync(TypeUrls.ClusterLoadAssignment, [$"nobody-{Guid.NewGuid():N}"]);
        await client.AckAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment)); // so the report has been read
    }

    private static async Task<CallerReport> ToldAsync(GatewayHost host, int count)
    {
        var grain = host.Grains.Callers("app");
        await host.AdvanceUntilAsync(() => grain.Told.Count >= count, TimeSpan.FromSeconds(1));
        return grain.Told.Last();
    }

    private static Node Node(string id)
    {
        var node = AdsClient.Node(id);
        node.Metadata = new Struct
        {
            Fields =
            {
                ["WORKLOAD_NAME"] = Value.ForString("a-1"),
                ["LABELS"] = Value.ForStruct(new Struct { Fields = { ["app"] = Value.ForString("a") } }),
                ["MESH_WORKLOAD"] = Value.ForStruct(new Struct { Fields = { ["group"] = Value.ForString("a-v1") } }),
            },
        };
        return node;
    }
}
