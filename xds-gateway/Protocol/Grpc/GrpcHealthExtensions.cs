using MeshOrleans.Xds.Protocol.Health;
using Microsoft.AspNetCore.Routing;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Serves <c>grpc.health.v1.Health</c>.</summary>
/// <remarks>Source: gRPC "Health Checking Protocol".</remarks>
public static class GrpcHealthExtensions
{
    /// <summary>Maps both methods of the health service.</summary>
    public static void MapGrpcHealth(this IEndpointRouteBuilder endpoints, GrpcHealthBoard board)
    {
        endpoints.MapGrpcUnary("/grpc.health.v1.Health/Check", HealthCheckRequest.Parser, (request, _) =>
            board.Find(request.Service) is { } status
                ? Task.FromResult(new HealthCheckResponse { Status = status })
                : throw new GrpcException(GrpcStatusCode.NotFound, "There is no service of that name."));
        endpoints.MapGrpc("/grpc.health.v1.Health/Watch", call => WatchAsync(board, call));
    }

    private static async Task WatchAsync(GrpcHealthBoard board, GrpcServerCall call)
    {
        var request = await call.ReadAsync(HealthCheckRequest.Parser, call.CancellationToken)
            ?? throw new GrpcException(GrpcStatusCode.Internal, "The call carries no message.");
        await foreach (var status in board.WatchAsync(request.Service, call.CancellationToken))
        {
            await call.WriteAsync(new HealthCheckResponse { Status = status }, call.CancellationToken);
        }
    }
}
