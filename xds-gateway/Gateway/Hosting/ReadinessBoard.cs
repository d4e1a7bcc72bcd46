using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.Extensions.Hosting;
using static MeshOrleans.Xds.Protocol.Health.HealthCheckResponse.Types;

namespace MeshOrleans.Xds.Gateway.Hosting;

/// <summary>Says on the gRPC health service whether streams are accepted.</summary>
internal sealed class ReadinessBoard(GrpcHealthBoard board, PushSource source, IHostApplicationLifetime lifetime)
    : IHostedService
{
    public const string DiscoveryService = "envoy.service.discovery.v3.AggregatedDiscoveryService";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        source.Changed += Refresh;
        lifetime.ApplicationStopping.Register(Refresh);
        Refresh();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        source.Changed -= Refresh;
        return Task.CompletedTask;
    }

    private void Refresh()
    {
        var isServing = source.Current is not null && !lifetime.ApplicationStopping.IsCancellationRequested;
        var status = isServing ? ServingStatus.Serving : ServingStatus.NotServing;
        board.Set("", status);
        board.Set(DiscoveryService, status);
    }
}
