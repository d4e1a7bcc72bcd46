using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Gateway;
using MeshOrleans.Xds.Tests.Raw;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What gRPC makes of HTTP/2, and who may open a stream.</summary>
/// <remarks>Source: gRPC over HTTP/2; gRFC A6 for the hint when to try again.</remarks>
public sealed class TransportRulesTests
{
    public static TheoryData<Mode> Modes => SubscriptionRulesTests.Modes;

    [Theory]
    [InlineData("/envoy.service.discovery.v3.AggregatedDiscoveryService/NoSuchMethod")]
    [InlineData("/envoy.service.discovery.v2.AggregatedDiscoveryService/StreamAggregatedResources")]
    [InlineData("/ENVOY.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResource")]
    public async Task A_method_that_does_not_exist_is_UNIMPLEMENTED(string path)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);

        var end = await (await connection.PostAsync(path)).EndAsync();

        Assert.Equal((GrpcStatusCode.Unimplemented, "200"), (end.Code, end.HttpStatus));
        Assert.Contains(path, end.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("content-type", "application/json", "415")]
    [InlineData("content-type", "application/grpc-web", "415")]
    [InlineData(":method", "GET", "405")]
    public async Task What_is_not_gRPC_is_refused_in_the_words_of_HTTP(string header, string value, string status)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);

        var stream = await connection.PostAsync(ConformanceClient.Path(Mode.StateOfTheWorld), more: (header, value));
        var end = await stream.EndAsync();

        Assert.True(end.HttpStatus == status && end.Code is null, $"{end}");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Who_finishes_sending_is_told_OK_whether_or_not_it_has_said_a_word(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var spoken = await ConformanceClient.OpenAsync(host, mode);
        await using var silent = await ConformanceClient.OpenAsync(host, mode);
        await spoken.LoadAsync();

        await spoken.Stream.FinishAsync();
        await silent.Stream.FinishAsync();

        Assert.Equal(GrpcStatusCode.Ok, (await spoken.EndAsync()).Code);
        Assert.Equal(GrpcStatusCode.Ok, (await silent.EndAsync()).Code);
        await host.UntilAsync(() => host.Status.Count == 0, "both streams are forgotten");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Who_finishes_in_the_middle_of_a_message_is_told_so(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);
        await client.LoadAsync();

        await client.Stream.SendBytesAsync([0, 0, 0, 0, 9, 1]);
        await client.Stream.FinishAsync();

        Assert.Equal(GrpcStatusCode.Internal, (await client.EndAsync()).Code);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Who_resets_its_stream_is_forgotten_and_the_others_on_the_connection_live(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var other = await ConformanceClient.OpenAsync(host, mode, connection);
        await using var client = await ConformanceClient.OpenAsync(host, mode, connection);
        await other.LoadAsync();
        await client.LoadAsync();

        await client.Stream.ResetAsync();

        await host.UntilAsync(() => host.Status.Count == 1, "the stream that was reset is forgotten");
        await other.SilenceAsync();
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_gateway_that_does_not_know_the_mesh_is_UNAVAILABLE(Mode mode)
    {
        await using var host = await GatewayHost.StartEmptyAsync();
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        Assert.Equal(GrpcStatusCode.Unavailable, (await client.EndAsync()).Code);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Over_TLS_a_stream_without_certificate_is_UNAUTHENTICATED(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync(serving: TestCertificate.With());
        await using var client = await ConformanceClient.OpenAsync(host, mode);

        Assert.Equal(GrpcStatusCode.Unauthenticated, (await client.EndAsync()).Code);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_stream_too_many_is_RESOURCE_EXHAUSTED_with_a_hint_when_to_come_back(Mode mode)
    {
        await using var host = await GatewayHost.StartAsync(configure: o => o.MaxStreams = 1);
        await using var one = await ConformanceClient.OpenAsync(host, mode);
        await one.LoadAsync();
        await using var two = await ConformanceClient.OpenAsync(host, mode);

        var end = await two.EndAsync();

        Assert.Equal(GrpcStatusCode.ResourceExhausted, end.Code);
        Assert.Contains("1 streams", end.Message, StringComparison.Ordinal);
        Assert.InRange(int.Parse(end.RetryPushback, System.Globalization.CultureInfo.InvariantCulture), 1_000, 3_000);
        await one.SilenceAsync();
    }

    [Fact]
    public async Task One_connection_carries_both_methods()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var connection = await RawConnection.OpenAsync(host.Address);
        await using var sotw = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld, connection);
        await using var delta = await ConformanceClient.OpenAsync(host, Mode.Delta, connection);
        await sotw.LoadAsync();
        await delta.LoadAsync();

        host.AddService();

        Assert.Contains(Mesh.A, (await sotw.TakeAsync(TypeUrls.Cluster)).Names);
        Assert.Equal([Mesh.D], (await delta.TakeAsync(TypeUrls.Cluster)).Names);
    }
}
