using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Health;
using static MeshOrleans.Xds.Protocol.Health.HealthCheckResponse.Types;

namespace MeshOrleans.Xds.Tests.Grpc;

public sealed class GrpcHealthTests
{
    private readonly GrpcHealthBoard _board = new();

    [Fact]
    public async Task A_server_is_not_serving_until_it_says_so()
    {
        await using var server = await StartAsync();

        var before = await CheckAsync(server, "");
        _board.Set("", ServingStatus.Serving);
        var after = await CheckAsync(server, "");

        Assert.Equal((ServingStatus.NotServing, ServingStatus.Serving), (before, after));
    }

    [Fact]
    public async Task A_service_nobody_knows_is_not_found()
    {
        await using var server = await StartAsync();

        var failure = await Assert.ThrowsAsync<GrpcException>(() => CheckAsync(server, "other"));

        Assert.Equal(GrpcStatusCode.NotFound, failure.Status.Code);
    }

    [Fact]
    public async Task A_watcher_hears_of_every_change_and_of_no_repetition()
    {
        await using var server = await StartAsync();
        await using var call = server.Channel.OpenDuplex<HealthCheckRequest, HealthCheckResponse>(
            "/grpc.health.v1.Health/Watch", HealthCheckResponse.Parser, GrpcCallOptions.Default, CancellationToken.None);
        await call.WriteAsync(new HealthCheckRequest { Service = "ads" }, CancellationToken.None);
        call.CompleteWrites();

        var first = await NextAsync(call);
        _board.Set("other", ServingStatus.Serving);
        _board.Set("ads", ServingStatus.Serving);
        var second = await NextAsync(call);
        _board.Set("ads", ServingStatus.Serving);
        _board.Set("ads", ServingStatus.NotServing);
        var third = await NextAsync(call);

        Assert.Equal(
            (ServingStatus.ServiceUnknown, ServingStatus.Serving, ServingStatus.NotServing), (first, second, third));
    }

    private Task<GrpcTestServer> StartAsync() => GrpcTestServer.StartAsync(app => app.MapGrpcHealth(_board));

    private static async Task<ServingStatus> CheckAsync(GrpcTestServer server, string service) =>
        (await server.Channel.UnaryAsync(
            "/grpc.health.v1.Health/Check",
            new HealthCheckRequest { Service = service },
            HealthCheckResponse.Parser,
            GrpcCallOptions.Default,
            CancellationToken.None)).Status;

    private static async Task<ServingStatus> NextAsync(GrpcDuplexCall<HealthCheckRequest, HealthCheckResponse> call) =>
        (await call.ReadAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(10)))!.Status;
}
