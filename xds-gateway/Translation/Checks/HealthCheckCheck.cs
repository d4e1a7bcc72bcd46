using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Type;
using UpstreamOptions = MeshOrleans.Xds.Protocol.Upstream.HttpProtocolOptions;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>Checks the health checks of a cluster, as an Envoy and our own sidecars do.</summary>
internal static class HealthCheckCheck
{
    private const int MostStatuses = 600;
    private const int LeastStatus = 100;

    public static void Check(Cluster cluster, List<string> faults)
    {
        if (cluster.HealthChecks.Count == 0) return;
        if (cluster.HealthChecks.Count > 1) faults.Add($"{cluster.Name}: more than one health check.");
        if (cluster.Type is Cluster.Types.DiscoveryType.OriginalDst)
        {
            faults.Add($"{cluster.Name}: health checks of members that nobody knows.");
        }

        foreach (var check in cluster.HealthChecks)
        {
            CheckTimes(cluster.Name, check, faults);
            switch (check.HealthCheckerCase)
            {
                case HealthCheck.HealthCheckerOneofCase.HttpHealthCheck:
                    CheckHttp(cluster.Name, check.HttpHealthCheck, faults);
                    break;
                case HealthCheck.HealthCheckerOneofCase.GrpcHealthCheck when !SpeaksHttp2(cluster):
                    faults.Add($"{cluster.Name}: gRPC health checks need HTTP/2.");
                    break;
                case HealthCheck.HealthCheckerOneofCase.None:
                    faults.Add($"{cluster.Name}: a health check of no kind.");
                    break;
            }
        }
    }

    private static void CheckTimes(string name, HealthCheck check, List<string> faults)
    {
        if (!(check.Timeout?.ToTimeSpan() > TimeSpan.Zero)
            || !(check.Interval?.ToTimeSpan() > TimeSpan.Zero)
            || check.NoTrafficInterval?.ToTimeSpan() <= TimeSpan.Zero)
        {
            faults.Add($"{name}: a health check without time.");
        }

        if (check.UnhealthyThreshold is null or 0 || check.HealthyThreshold is null or 0)
        {
            faults.Add($"{name}: a health check without thresholds.");
        }
    }

    private static void CheckHttp(string name, HealthCheck.Types.HttpHealthCheck http, List<string> faults)
    {
        if (http.Path.Length == 0 || $"{http.Path}{http.Host}".AsSpan().IndexOfAny("\r\n\0") >= 0)
        {
            faults.Add($"{name}: a health check of path {http.Path}.");
        }

        foreach (var range in http.ExpectedStatuses.Concat(http.RetriableStatuses))
        {
            if (!IsStatuses(range)) faults.Add($"{name}: a health check expects {range.Start} to {range.End}.");
        }
    }

    private static bool IsStatuses(Int64Range range) =>
        range.Start >= LeastStatus && range.End <= MostStatuses && range.Start < range.End;

    private static bool SpeaksHttp2(Cluster cluster) => cluster.TypedExtensionProtocolOptions.Values.Any(
        any => any.Unpack<UpstreamOptions>().ExplicitHttpConfig?.Http2ProtocolOptions is not null);
}
