using MeshOrleans.Silo.Hosting;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// Health. Alive: the process answers. Ready: it may be sent sidecars, because it knows the whole mesh.
/// </summary>
internal static class MonitoringEndpoints
{
    public static void MapMonitoring(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => Results.Text("live\n"));
        routes.MapGet("/healthz/ready", (SnapshotHolder snapshots, ServingCertificate certificate) =>
            !snapshots.IsSynced ? NotReady("the mesh snapshot is not complete yet")
            : certificate.Current is null ? NotReady("there is no serving certificate yet")
            : Results.Text("ready\n"));
        routes.MapGet(
            "/metrics", (GatewayMetrics metrics) => Results.Text(metrics.ToPrometheus(), "text/plain; version=0.0.4"));
    }

    private static IResult NotReady(string reason) => Results.Text($"not ready: {reason}\n", statusCode: 503);
}
