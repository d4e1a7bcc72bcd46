using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Tests.Gateway;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What a client says about a response, and what follows.</summary>
/// <remarks>Source: Envoy, "xDS REST and gRPC protocol", ACK, NACK and nonces.</remarks>
public sealed class AnswerRulesTests
{
    public static TheoryData<Mode> Modes => SubscriptionRulesTests.Modes;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task T33b_a_NACK_is_answered_by_nothing_until_the_content_changes_and_shows_in_the_status(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        var refused = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        await client.NackAsync(refused, "no such thing");
        await client.SilenceAsync();
        await host.UntilAsync(() => StatusOf(host, TypeUrls.ClusterLoadAssignment)?.NackMessage == "no such thing", "the status has the client's words");
        Assert.Equal(SubscriptionState.Nacked, StatusOf(host, TypeUrls.ClusterLoadAssignment)!.State);
        host.AddEndpoint("b", 9);
        var next = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        Assert.NotEqual(refused.Version, next.Version);
        await client.SilenceAsync();
        await host.UntilAsync(() => StatusOf(host, TypeUrls.ClusterLoadAssignment)?.State == SubscriptionState.Synced, "the status is good again");
        Assert.Contains("pilot_total_xds_rejects{type=\"eds\"} 1\n", host.Metrics, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_refused_type_keeps_no_other_type_waiting(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();
        await client.SubscribeAsync(TypeUrls.RouteConfiguration, "80");
        await client.NackAsync(await client.NextAsync(TypeUrls.RouteConfiguration), "no");

        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        await client.TakeAsync(TypeUrls.ClusterLoadAssignment);
        host.AddEndpoint("b", 9);

        Assert.Equal([Mesh.B], (await client.TakeAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task T33c_an_answer_with_a_stale_nonce_is_passed_over(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        var answer = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        await client.AckAsync(answer with { Nonce = "of-long-ago" });
        await client.NackAsync(answer with { Nonce = "of-long-ago" }, "no");
        await client.SilenceAsync();
        host.AddEndpoint("b", 9);
        await host.UntilAsync(() => host.Snapshots.Current.Workloads.ContainsKey("app/b-9"), "b is known");
        await client.SilenceAsync(); // the response still waits for its answer
        await client.AckAsync(answer);

        Assert.Equal([Mesh.B], (await client.TakeAsync(TypeUrls.ClusterLoadAssignment)).Names);
        Assert.Contains("pilot_xds_expired_nonce{type=\"eds\"} 2\n", host.Metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("pilot_total_xds_rejects", host.Metrics, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task One_response_of_a_type_is_on_its_way_and_what_changes_meanwhile_is_one_more(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.A, Mesh.B);
        var first = await client.NextAsync(TypeUrls.ClusterLoadAssignment);

        for (var i = 1; i <= 5; i++) host.AddEndpoint("b", 10 + i);
        host.AddEndpoint("a", 9);
        await host.UntilAsync(() => host.Snapshots.Current.Workloads.Count == 10, "all changes have arrived");
        await client.SilenceAsync();
        await client.AckAsync(first);
        var second = await client.TakeAsync(TypeUrls.ClusterLoadAssignment);

        Assert.Equal([Mesh.A, Mesh.B], second.Names);
        var members = second.Read<ClusterLoadAssignment>(Mesh.B).ToString();
        Assert.All(Enumerable.Range(11, 5), i => Assert.Contains($"10.0.1.{i}", members, StringComparison.Ordinal));
        await client.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task An_unanswered_response_holds_up_neither_requests_nor_other_types(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();
        await client.SubscribeAsync(TypeUrls.Listener);
        await client.NextAsync(TypeUrls.Listener);

        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, Mesh.B);
        await client.TakeAsync(TypeUrls.ClusterLoadAssignment);
        host.AddEndpoint("b", 9);

        Assert.Equal([Mesh.B], (await client.TakeAsync(TypeUrls.ClusterLoadAssignment)).Names);
    }

    private static SubscriptionReport? StatusOf(GatewayHost host, string typeUrl) =>
        host.Status.List().Single().Types.SingleOrDefault(t => t.TypeUrl == typeUrl);
}
