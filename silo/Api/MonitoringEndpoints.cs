using System.Globalization;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Silo.Hosting.Clock;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// Health. Alive: the process answers. Ready: it may be sent sidecars, because it knows the whole mesh.
/// </summary>
internal static class MonitoringEndpoints
{
    // Still ready: whoever is sent away from here finds a gateway that knows no more.
    private const string LostMesh = "ready: but the store has lost the mesh, and proxies keep what they were told\n";

    public static void MapMonitoring(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => Results.Text("live\n"));
        routes.MapGet("/healthz/ready", (SnapshotHolder snapshots, ServingCertificate certificate) =>
            !snapshots.IsSynced ? NotReady("the mesh snapshot is not complete yet")
            : certificate.Current is null ? NotReady("there is no serving certificate yet")
            : Results.Text(snapshots.HoldsLostMesh ? LostMesh : "ready\n"));
        routes.MapGet(
            "/metrics",
            (GatewayMetrics metrics, ClusterClock clock) =>
                Results.Text(metrics.ToPrometheus() + ClockMetrics(clock), "text/plain; version=0.0.4"));
    }

    private static string ClockMetrics(ClusterClock clock) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        # HELP mesh_clock_error_seconds How far this machine's clock is ahead of the cluster's time.
        # TYPE mesh_clock_error_seconds gauge
        mesh_clock_error_seconds {clock.WallClockError.TotalSeconds:F3}

        """);

    private static IResult NotReady(string reason) => Results.Text($"not ready: {reason}\n", statusCode: 503);
}
