using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Type;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;
using HealthCheck = MeshOrleans.Xds.Protocol.Core.HealthCheck;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Says how the members of a cluster are asked whether they are well.</summary>
/// <remarks>
/// What a stock Envoy would do otherwise is said away: an unexpected status counts towards the threshold instead of
/// acting at once, a cluster without traffic is checked as often as any, whom the control plane takes away is gone, however
/// well, and a passed check does not end an ejection by outlier detection.
/// </remarks>
internal static class HealthCheckTranslator
{
    private const uint DefaultUnhealthyThreshold = 3;
    private const uint DefaultHealthyThreshold = 1;
    private const int JitterShare = 10; // of the interval, a tenth
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestHeldBack = TimeSpan.FromSeconds(1);
    private static readonly Int64Range AnyStatus = new() { Start = 100, End = 600 };

    public static void Apply(Cluster cluster, ProxyView view, OutboundCluster source)
    {
        if (cluster.Type is Cluster.Types.DiscoveryType.OriginalDst) return; // nobody knows its members
        if (HealthCheckLookup.Find(view.Mesh, view.Scope, source.Service, source.Port) is not { } check) return;
        if (check.Grpc is not null && !SpeaksHttp2(source)) return; // Envoy would refuse the cluster
        cluster.HealthChecks.Add(Translate(check, source, view.Scope.Mode));
        cluster.IgnoreHealthOnHostRemoval = true;
        if (cluster.OutlierDetection is { } outlier) outlier.SuccessfulActiveHealthCheckUnejectHost = false;
    }

    /// <summary>
    /// How far first checks are spread. Sidecars are many and use a member until it has been checked: the whole interval.
    /// A stock Envoy holds a new cluster back until then, and so may a gateway proxy, as which Envoys are known too.
    /// </summary>
    private static TimeSpan StartOf(ProxyMode mode, TimeSpan interval) =>
        mode is ProxyMode.Sidecar ? interval : Shorter(LongestHeldBack, interval);

    private static bool SpeaksHttp2(OutboundCluster source) =>
        HttpProtocolTranslator.IsHttp2(source) && source.Policy.ConnectionPool?.Http?.UseClientProtocol is not true;

    private static HealthCheck Translate(Model.Config.HealthCheck check, OutboundCluster source, ProxyMode mode)
    {
        var interval = check.Interval ?? DefaultInterval;
        var translated = new HealthCheck
        {
            Timeout = Duration.FromTimeSpan(check.Timeout ?? Shorter(DefaultTimeout, interval)),
            Interval = Duration.FromTimeSpan(interval),
            IntervalJitter = Duration.FromTimeSpan(interval / JitterShare),
            InitialJitter = Duration.FromTimeSpan(StartOf(mode, interval)),
            NoTrafficInterval = Duration.FromTimeSpan(interval),
            UnhealthyThreshold = (uint?)check.UnhealthyThreshold ?? DefaultUnhealthyThreshold,
            HealthyThreshold = (uint?)check.HealthyThreshold ?? DefaultHealthyThreshold,
        };
        if (check.Http is { } http) translated.HttpHealthCheck = Http(http, source);
        else if (check.Grpc is { } grpc)
        {
            translated.GrpcHealthCheck = new() { ServiceName = grpc.Service, Authority = source.Service.Host };
        }
        else
        {
            translated.TcpHealthCheck = new();
        }

        return translated;
    }

    private static HealthCheck.Types.HttpHealthCheck Http(HttpHealthCheck http, OutboundCluster source)
    {
        var translated = new HealthCheck.Types.HttpHealthCheck
        {
            Host = http.Host.Length > 0 ? http.Host : source.Service.Host,
            Path = http.Path.Length > 0 ? http.Path : "/",
            CodecClientType = SpeaksHttp2(source) ? CodecClientType.Http2 : CodecClientType.Http1,
            RetriableStatuses = { AnyStatus },
        };
        translated.ExpectedStatuses.AddRange(
            http.ExpectedStatuses.Select(range => new Int64Range { Start = range.First, End = range.Last + 1 }));
        return translated;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
