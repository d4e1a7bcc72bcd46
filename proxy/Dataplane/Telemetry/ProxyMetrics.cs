using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Proxy.Dataplane.Telemetry;

/// <summary>The metrics of the data plane, under Istio's names, in Prometheus' text format.</summary>
/// <remarks>
/// Labels come from configuration and verified peers only, never from what a caller writes (CVE-2025-43915).
/// </remarks>
public sealed class ProxyMetrics
{
    private static readonly double[] Bounds =
    [
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000,
    ];

    private readonly ConcurrentDictionary<RequestKey, RequestSeries> _requests = new();
    private readonly ConcurrentDictionary<ConnectionKey, ConnectionSeries> _connections = new();
    private readonly WorkloadLabels _own;
    private long _plaintextRefused;
    private long _peersRefused;
    private long _mirrorsTooLarge;
    private long _rateLimited;
    private long _rateLimitedDryRun;

    internal ProxyMetrics(WorkloadLabels own) => _own = own;

    /// <summary>What the checks of endpoints have found.</summary>
    internal CheckMetrics Checks { get; } = new();

    /// <summary>What external authorizers have answered.</summary>
    internal AuthorizerMetrics Authorizers { get; } = new();

    /// <summary>Plaintext connections that a STRICT port has closed.</summary>
    public long PlaintextRefused => Interlocked.Read(ref _plaintextRefused);

    /// <summary>Handshakes refused because of the peer's certificate.</summary>
    public long PeersRefused => Interlocked.Read(ref _peersRefused);

    /// <summary>Copies that were not sent because the request's body is longer than is remembered.</summary>
    public long MirrorsTooLarge => Interlocked.Read(ref _mirrorsTooLarge);

    /// <summary>Requests that were over a rate limit.</summary>
    public long RateLimited => Interlocked.Read(ref _rateLimited);

    /// <summary>Requests that were over a rate limit that is only on trial.</summary>
    public long RateLimitedDryRun => Interlocked.Read(ref _rateLimitedDryRun);

    /// <summary>Writes everything in Prometheus' text format.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        text.Append("# TYPE istio_requests_total counter\n");
        foreach (var (_, series) in _requests) Line(text, "istio_requests_total", series.Labels, "", series.Count);
        text.Append("# TYPE istio_request_duration_milliseconds histogram\n");
        foreach (var (_, series) in _requests) series.WriteDurations(text);
        WriteConnections(text);
        text.Append("# TYPE mesh_plaintext_refused_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"mesh_plaintext_refused_total {PlaintextRefused}\n");
        text.Append("# TYPE mesh_peers_refused_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"mesh_peers_refused_total {PeersRefused}\n");
        text.Append("# TYPE mesh_mirrors_too_large_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"mesh_mirrors_too_large_total {MirrorsTooLarge}\n");
        text.Append("# TYPE mesh_rate_limited_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"mesh_rate_limited_total{{mode=\"enforced\"}} {RateLimited}\n");
        text.Append(CultureInfo.InvariantCulture, $"mesh_rate_limited_total{{mode=\"dry_run\"}} {RateLimitedDryRun}\n");
        Checks.Write(text);
        Authorizers.Write(text);
        return text.ToString();
    }

    /// <summary>
    /// How many requests have been counted with this code and these flags; for tests and the admin port.
    /// </summary>
    public long Requests(int code, ResponseFlags flags) =>
        _requests.Where(r => r.Key.Code == code && r.Key.Flags == flags).Sum(r => r.Value.Count);

    internal void CountPlaintextRefused() => Interlocked.Increment(ref _plaintextRefused);

    internal void CountPeerRefused() => Interlocked.Increment(ref _peersRefused);

    internal void CountMirrorTooLarge(int copies) => Interlocked.Add(ref _mirrorsTooLarge, copies);

    internal void CountRateLimited(bool isDryRun) =>
        Interlocked.Increment(ref isDryRun ? ref _rateLimitedDryRun : ref _rateLimited);

    internal void Count(RequestExchange exchange, TimeSpan duration)
    {
        var cluster = exchange.Cluster?.Model;
        var key = new RequestKey(
            exchange.IsInbound,
            exchange.Caller.PeerId,
            cluster?.Name ?? UnknownHostRoutes.ClusterOf(exchange.Decision.Route),
            exchange.Upstream?.Workload ?? "",
            exchange.Upstream?.WorkloadNamespace ?? "",
            exchange.Context.Response.StatusCode,
            exchange.Flags,
            exchange.IsGrpc,
            exchange.IsGrpc ? GrpcStatus(exchange) : -1);
        if (!_requests.TryGetValue(key, out var series))
        {
            series = _requests.GetOrAdd(key, new RequestSeries(Labels(key, exchange.Caller, cluster)));
        }

        series.Add(duration.TotalMilliseconds);
    }

    internal ConnectionSeries Connections(
        Caller caller, ClusterModel? cluster, bool isInbound = true, ResponseFlags flags = ResponseFlags.None, string given = "")
    {
        var key = new ConnectionKey(isInbound, caller.PeerId, cluster?.Name ?? given, flags);
        return _connections.GetOrAdd(
            key,
            static (key, state) => new ConnectionSeries(state.Self.Sides(key.IsInbound, state.Caller, state.Cluster, key.Cluster, "", "")
                + $",request_protocol=\"tcp\",response_flags=\"{key.Flags.ToText()}\",connection_security_policy=\"{Security(key.IsInbound, state.Caller)}\""),
            (Self: this, Caller: caller, Cluster: cluster));
    }

    private static void Line(StringBuilder text, string name, string labels, string more, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}{more}}} {value}\n");

    private static int GrpcStatus(RequestExchange exchange)
    {
        var response = exchange.Context.Response;
        var trailers = exchange.Context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        var text = trailers is not null && trailers.TryGetValue("grpc-status", out var trailer)
            ? trailer.ToString()
            : response.Headers["grpc-status"].ToString();
        return int.TryParse(text, out var status) && status is >= 0 and <= 16 ? status : -1;
    }

    private static string Security(bool isInbound, Caller caller) =>
        !isInbound ? "unknown" : caller.IsMutualTls ? "mutual_tls" : "none";

    private void WriteConnections(StringBuilder text)
    {
        (string Name, Func<ConnectionSeries, long> Read)[] counters =
        [
            ("istio_tcp_connections_opened_total", s => Interlocked.Read(ref s.Opened)),
            ("istio_tcp_connections_closed_total", s => Interlocked.Read(ref s.Closed)),
            ("istio_tcp_sent_bytes_total", s => Interlocked.Read(ref s.Sent)),
            ("istio_tcp_received_bytes_total", s => Interlocked.Read(ref s.Received)),
        ];
        foreach (var (name, read) in counters)
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} counter\n");
            foreach (var (_, series) in _connections) Line(text, name, series.Labels, "", read(series));
        }
    }

    private string Labels(RequestKey key, Caller caller, ClusterModel? cluster)
    {
        var protocol = key.IsGrpc ? "grpc" : "http";
        var grpc = key.GrpcStatus >= 0 ? key.GrpcStatus.ToString(CultureInfo.InvariantCulture) : "";
        return $"{Sides(key.IsInbound, caller, cluster, key.Cluster, key.Workload, key.WorkloadNamespace)},request_protocol=\"{protocol}\","
            + $"response_code=\"{key.Code}\",response_flags=\"{key.Flags.ToText()}\",grpc_response_status=\"{grpc}\","
            + $"connection_security_policy=\"{Security(key.IsInbound, caller)}\"";
    }

    private string Sides(
        bool isInbound, Caller caller, ClusterModel? cluster, string given, string workload, string workloadNamespace)
    {
        const string Unknown = WorkloadLabels.Unknown;
        var other = isInbound
            ? new WorkloadLabels { Namespace = caller.Id?.Namespace ?? Unknown }
            : new WorkloadLabels { Workload = OrUnknown(workload), Namespace = OrUnknown(workloadNamespace) };
        var (source, destination) = isInbound ? (other, _own) : (_own, other);
        var host = cluster is { ServiceHost.Length: > 0 } ? cluster.ServiceHost : Unknown;
        var isBare = cluster is { Kind: ClusterKind.OriginalDestination } || given is UnknownHostRoutes.BlackHoleCluster;
        var name = isBare ? given : host.Split('.')[0];
        return $"reporter=\"{(isInbound ? "destination" : "source")}\",{Side("source", source)},"
            + $"source_principal=\"{(isInbound ? OrUnknown(caller.PeerId) : Unknown)}\",{Side("destination", destination)},"
            + $"destination_principal=\"{Unknown}\",destination_service=\"{host}\",destination_service_name=\"{name}\","
            + $"destination_service_namespace=\"{OrUnknown(cluster?.ServiceNamespace ?? "")}\"";
    }

    private static string OrUnknown(string text) => text.Length == 0 ? WorkloadLabels.Unknown : text;

    private static string Side(string side, WorkloadLabels labels) =>
        $"{side}_workload=\"{labels.Workload}\",{side}_workload_namespace=\"{labels.Namespace}\",{side}_app=\"{labels.App}\","
        + $"{side}_version=\"{labels.Version}\",{side}_cluster=\"{labels.Cluster}\","
        + $"{side}_canonical_service=\"{(labels.CanonicalService.Length > 0 ? labels.CanonicalService : labels.Workload)}\","
        + $"{side}_canonical_revision=\"{(labels.Version == WorkloadLabels.Unknown ? "latest" : labels.Version)}\"";

    private readonly record struct RequestKey(
        bool IsInbound,
        string Peer,
        string Cluster,
        string Workload,
        string WorkloadNamespace,
        int Code,
        ResponseFlags Flags,
        bool IsGrpc,
        int GrpcStatus);

    private readonly record struct ConnectionKey(bool IsInbound, string Peer, string Cluster, ResponseFlags Flags);

    /// <summary>The counters of relayed connections of one peer and port.</summary>
    internal sealed class ConnectionSeries(string labels)
    {
        public long Opened;
        public long Closed;
        public long Sent;
        public long Received;

        public string Labels => labels;
    }

    private sealed class RequestSeries(string labels)
    {
        private readonly long[] _buckets = new long[Bounds.Length + 1];
        private double _sum;

        public string Labels => labels;

        public long Count
        {
            get
            {
                var count = 0L;
                foreach (ref var bucket in _buckets.AsSpan()) count += Interlocked.Read(ref bucket);
                return count;
            }
        }

        public void Add(double milliseconds)
        {
            var bucket = 0;
            while (bucket < Bounds.Length && milliseconds > Bounds[bucket]) bucket++;
            Interlocked.Increment(ref _buckets[bucket]);
            var seen = Volatile.Read(ref _sum);
            for (var before = double.NaN; before != seen;)
            {
                before = seen;
                seen = Interlocked.CompareExchange(ref _sum, before + milliseconds, before);
            }
        }

        public void WriteDurations(StringBuilder text)
        {
            const string Name = "istio_request_duration_milliseconds";
            var count = 0L;
            for (var i = 0; i < Bounds.Length; i++)
            {
                count += Interlocked.Read(ref _buckets[i]);
                Line(
                    text,
                    $"{Name}_bucket",
                    labels,
                    $",le=\"{Bounds[i].ToString(CultureInfo.InvariantCulture)}\"",
                    count);
            }

            count += Interlocked.Read(ref _buckets[Bounds.Length]);
            Line(text, $"{Name}_bucket", labels, ",le=\"+Inf\"", count);
            Line(text, $"{Name}_sum", labels, "", Volatile.Read(ref _sum));
            Line(text, $"{Name}_count", labels, "", count);
        }
    }
}
