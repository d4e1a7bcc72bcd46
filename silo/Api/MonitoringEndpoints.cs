using System.Globalization;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Silo.Hosting.Clock;
using MeshOrleans.Silo.Issuers;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// Health. Alive: the process answers. Ready: it may be sent sidecars, because it knows the whole mesh. A silo that has lost
/// the database is not ready: the others may have given it up, and what it knows be old. Gateways of their own stay ready
/// when all have lost it, and go on.
/// </summary>
internal static class MonitoringEndpoints
{
    // Still ready: whoever is sent away from here finds a gateway that knows no more.
    private const string LostMesh = "ready: but the store has lost the mesh, and proxies keep what they were told\n";

    // longer than a restart of the database takes, or the others to give up a silo that alone has lost it
    private static readonly TimeSpan _tolerated = TimeSpan.FromSeconds(30);

    public static void MapMonitoring(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => Results.Text("live\n"));
        routes.MapGet("/healthz/ready", Ready);
        routes.MapGet(
            "/metrics",
            (GatewayMetrics metrics, ClusterClock clock, JoinAdmission joins, CallerRates rates, SnapshotHolder snapshots,
                ServingCertificate certificate) => Results.Text(
                metrics.ToPrometheus() + Own(clock, joins, rates) + IssuerMetrics.Of(snapshots.Current)
                    + CertificateMetrics.Of(snapshots.Current, certificate.Authority, clock.GetUtcNow()),
                "text/plain; version=0.0.4"));
    }

    private static IResult Ready(
        SnapshotHolder snapshots, ServingCertificate certificate, ClusterClock clock, IOptions<SiloOptions> options) =>
        !snapshots.IsSynced ? NotReady("the mesh snapshot is not complete yet")
        : certificate.Current is null ? NotReady("there is no serving certificate yet")
        : options.Value.Role is SiloRole.Silo && clock.SinceTold > _tolerated
            ? NotReady($"the database has not answered this silo for {clock.SinceTold.TotalSeconds:F0} s")
        : Results.Text(snapshots.HoldsLostMesh ? LostMesh : "ready\n");

    private static string Own(ClusterClock clock, JoinAdmission joins, CallerRates rates) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        # HELP mesh_clock_error_seconds How far this machine's clock is ahead of the cluster's time.
        # TYPE mesh_clock_error_seconds gauge
        mesh_clock_error_seconds {clock.WallClockError.TotalSeconds:F3}
        # HELP mesh_joins_sent_away_total Members that asked to be let in while there was no room, and were told to come back.
        # TYPE mesh_joins_sent_away_total counter
        mesh_joins_sent_away_total {joins.SentAway}
        # HELP mesh_api_calls_limited_total Calls that were refused because their caller made too many.
        # TYPE mesh_api_calls_limited_total counter
        mesh_api_calls_limited_total {rates.Refused}

        """);

    private static IResult NotReady(string reason) => Results.Text($"not ready: {reason}\n", statusCode: 503);
}
