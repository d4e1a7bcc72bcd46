using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Gateway;
using MeshOrleans.Xds.Tests.Raw;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What a gateway does about clients that say nothing, too much, or the same again and again.</summary>
public sealed class DefenceTests
{
    public static TheoryData<Mode> Modes => SubscriptionRulesTests.Modes;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_client_that_says_nothing_loses_its_stream_and_is_told_what_was_missing(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var other = await ConformanceClient.OpenAsync(host, mode, connection);
        await other.LoadAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode, connection);
        await client.Stream.SendBytesAsync([0, 0, 0, 0, 9, 1]); // half a message is no request
        await host.UntilAsync(() => host.Metrics.Contains("mesh_xds_streams_admitted_total 2\n", StringComparison.Ordinal), "the second stream is taken up");

        host.Clock.Advance(TimeSpan.FromSeconds(29));
        await connection.PingAsync();
        Assert.False(client.Stream.IsOver);
        await host.AdvanceUntilAsync(() => client.Stream.IsOver, TimeSpan.FromMilliseconds(100));
        var end = await client.EndAsync();

        Assert.Equal(GrpcStatusCode.DeadlineExceeded, end.Code);
        Assert.Contains("first request", end.Message, StringComparison.Ordinal);
        Assert.Contains("30 s", end.Message, StringComparison.Ordinal);
        await other.SilenceAsync();
    }

    [Fact]
    public async Task A_client_that_has_spoken_may_be_silent_for_as_long_as_it_likes()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.Delta);
        await client.LoadAsync();
        await client.SilenceAsync();

        host.Clock.Advance(TimeSpan.FromHours(1));

        await client.SilenceAsync();
    }

    [Fact]
    public async Task What_a_gRPC_program_would_not_take_is_refused_with_advice_before_it_is_sent()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.GrpcMessageLimit = 1_000);
        for (var i = 1; i <= 20; i++) host.AddService($"d{i}", revision: i + 1);
        await host.PicturesAsync(21);
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        client.Node!.Metadata = new Struct { Fields = { ["GENERATOR"] = Value.ForString("grpc") } };

        await client.SubscribeAsync(TypeUrls.Cluster);
        var end = await client.EndAsync();

        Assert.Equal((GrpcStatusCode.ResourceExhausted, 0L), (end.Code, client.Stream.Received));
        Assert.Contains("1000", end.Message, StringComparison.Ordinal);
        Assert.Contains("exportTo", end.Message, StringComparison.Ordinal);
        Assert.Single(host.Log.Lines, IsAboutSize);
    }

    [Fact]
    public async Task Other_clients_are_sent_it_and_the_log_says_so_once_a_stream()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.GrpcMessageLimit = 1_000);
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        await client.LoadAsync();

        host.AddService();
        var again = await client.TakeAsync(TypeUrls.Cluster);

        Assert.Contains(Mesh.D, again.Names);
        Assert.Single(host.Log.Lines, IsAboutSize);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task The_same_refusal_of_many_is_one_line_a_minute_and_a_figure(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await RefuseAsync(host, mode, connection, Mesh.B, "no such filter");
        await RefuseAsync(host, mode, connection, Mesh.B, "no such filter");
        await RefuseAsync(host, mode, connection, Mesh.B, "no such filter");
        Assert.Single(host.Log.Lines, line => line.Text.Contains("no such filter", StringComparison.Ordinal));
        Assert.Contains("mesh_xds_rejects_not_logged_total 2\n", host.Metrics, StringComparison.Ordinal);

        await RefuseAsync(host, mode, connection, Mesh.A, "no such filter"); // of another resource
        await RefuseAsync(host, mode, connection, Mesh.B, "something else"); // in other words
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await RefuseAsync(host, mode, connection, Mesh.B, "no such filter"); // and later

        Assert.Equal(4, host.Log.Lines.Count(line => line.Level == LogLevel.Warning && line.Text.Contains("refuses", StringComparison.Ordinal)));
        Assert.Contains("mesh_xds_rejects_not_logged_total 2\n", host.Metrics, StringComparison.Ordinal);
        Assert.Contains("pilot_total_xds_rejects{type=\"eds\"} 6\n", host.Metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_taken_up_and_who_is_refused_is_counted()
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.MaxStreams = 1);
        await using var one = await ConformanceClient.OpenAsync(host, Mode.Delta);
        await one.LoadAsync();
        await using var two = await ConformanceClient.OpenAsync(host, Mode.Delta);
        await two.EndAsync();

        Assert.Contains("mesh_xds_streams_admitted_total 1\n", host.Metrics, StringComparison.Ordinal);
        Assert.Contains("mesh_xds_streams_waiting 0\n", host.Metrics, StringComparison.Ordinal);
        Assert.Contains("mesh_xds_streams_refused_total{limit=\"streams\"} 1\n", host.Metrics, StringComparison.Ordinal);
        Assert.Contains("mesh_xds_streams_refused_total{limit=\"rate\"} 0\n", host.Metrics, StringComparison.Ordinal);
    }

    private static async Task RefuseAsync(GatewayHost host, Mode mode, RawConnection connection, string name, string error)
    {
        await using var client = await ConformanceClient.OpenAsync(host, mode, connection);
        await client.SubscribeAsync(TypeUrls.ClusterLoadAssignment, name);
        await client.NackAsync(await client.NextAsync(TypeUrls.ClusterLoadAssignment), error);
        await client.SilenceAsync();
    }

    private static bool IsAboutSize((LogLevel Level, string Text) line) =>
        line.Level == LogLevel.Warning && line.Text.Contains("many clients refuse more than 1000", StringComparison.Ordinal);
}
