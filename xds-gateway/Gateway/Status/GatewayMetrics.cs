using System.Collections.Concurrent;
using System.Globalization;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>The gateway's figures, under the names that Istio's dashboards ask for.</summary>
public sealed class GatewayMetrics(SnapshotHolder snapshots)
{
    private static readonly double[] Buckets = [0.01, 0.05, 0.1, 0.5, 1, 3, 5, 10, 20, 30];

    private readonly ConcurrentDictionary<(string Name, string Type), long> _counters = new();
    private readonly long[] _convergence = new long[Buckets.Length + 1];
    private long _convergenceMicroseconds;
    private readonly ConcurrentDictionary<string, long> _refused = new(StringComparer.Ordinal);
    private long _admitted;
    private long _waiting;
    private long _rejectsNotLogged;
    private long _floods;
    private long _csrs;
    private long _connected;
    private long _certified;
    private long _notCertified;

    /// <summary>Writes every figure in Prometheus' text format.</summary>
    public string ToPrometheus()
    {
        var text = new PrometheusText();
        text.Head("pilot_xds", "gauge", "Streams that are open.");
        text.Line("pilot_xds", Interlocked.Read(ref _connected));
        foreach (var group in _counters.GroupBy(c => c.Key.Name).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            text.Head(group.Key, "counter", "Counted by type of resource.");
            foreach (var ((name, type), count) in group.OrderBy(c => c.Key.Type, StringComparer.Ordinal))
            {
                text.Line($"{name}{{type=\"{type}\"}}", count);
            }
        }

        text.Head("mesh_snapshot_lost", "gauge", "1 while the store has lost the mesh and the last copy is kept.");
        text.Line("mesh_snapshot_lost", snapshots.HoldsLostMesh ? 1 : 0);
        WriteAdmission(text);
        text.Head("citadel_server_csr_count", "counter", "Certificate requests received.");
        text.Line("citadel_server_csr_count", Interlocked.Read(ref _csrs));
        text.Head("mesh_certificates_renewed_total", "counter", "Certificates signed for open streams.");
        text.Line("mesh_certificates_renewed_total", Interlocked.Read(ref _certified));
        text.Head("mesh_certificates_failed_total", "counter", "Attempts to do so that failed.");
        text.Line("mesh_certificates_failed_total", Interlocked.Read(ref _notCertified));
        WriteConvergence(text);
        return text.ToString();
    }

    internal void Connected() => Interlocked.Increment(ref _connected);

    internal void Disconnected() => Interlocked.Decrement(ref _connected);

    internal void Pushed(string typeUrl) => Count("pilot_xds_pushes", typeUrl);

    internal void Rejected(string typeUrl) => Count("pilot_total_xds_rejects", typeUrl);

    internal void ExpiredNonce(string typeUrl) => Count("pilot_xds_expired_nonce", typeUrl);

    /// <summary>A refusal whose like was logged a moment ago.</summary>
    internal void RejectNotLogged() => Interlocked.Increment(ref _rejectsNotLogged);

    /// <summary>A stream was taken up.</summary>
    internal void Admitted() => Interlocked.Increment(ref _admitted);

    /// <summary>A stream was refused.</summary>
    /// <param name="limit">The limit that it met: one of a few words, never the client's.</param>
    internal void Refused(string limit) => _refused.AddOrUpdate(limit, 1, (_, count) => count + 1);

    /// <summary>How many streams wait for their first response.</summary>
    internal long StreamsWaiting => Interlocked.Read(ref _waiting);

    /// <summary>A stream begins, or ceases, to wait for its first response.</summary>
    internal void Waits(int change) => Interlocked.Add(ref _waiting, change);

    /// <summary>A connection was cut for its flood of frames that ask for little or nothing.</summary>
    internal void FloodCut() => Interlocked.Increment(ref _floods);

    /// <summary>A certificate was signed for a stream.</summary>
    internal void Certified() => Interlocked.Increment(ref _certified);

    /// <summary>One could not be signed.</summary>
    internal void NotCertified() => Interlocked.Increment(ref _notCertified);

    internal void CsrReceived() => Interlocked.Increment(ref _csrs);

    internal void Converged(TimeSpan time)
    {
        var bucket = Array.FindIndex(Buckets, limit => time.TotalSeconds <= limit);
        Interlocked.Increment(ref _convergence[bucket < 0 ? Buckets.Length : bucket]);
        Interlocked.Add(ref _convergenceMicroseconds, (long)time.TotalMicroseconds);
    }

    private void Count(string name, string typeUrl) =>
        _counters.AddOrUpdate((name, ShortName(typeUrl)), 1, (_, count) => count + 1);

    private static string ShortName(string typeUrl) => typeUrl switch
    {
        TypeUrls.Cluster => "cds",
        TypeUrls.ClusterLoadAssignment => "eds",
        TypeUrls.Listener => "lds",
        TypeUrls.RouteConfiguration => "rds",
        TypeUrls.Secret => "sds",
        TypeUrls.NameTable => "nds",
        _ => "other",
    };

    private void WriteAdmission(PrometheusText text)
    {
        text.Head("mesh_xds_streams_admitted_total", "counter", "Streams that were taken up.");
        text.Line("mesh_xds_streams_admitted_total", Interlocked.Read(ref _admitted));
        text.Head("mesh_xds_streams_waiting", "gauge", "Streams that wait for the turn of their first response.");
        text.Line("mesh_xds_streams_waiting", StreamsWaiting);
        text.Head("mesh_xds_streams_refused_total", "counter", "Streams that were refused, by the limit they met.");
        foreach (var limit in (string[])["streams", "rate", "syncs"])
        {
            text.Line($"mesh_xds_streams_refused_total{{limit=\"{limit}\"}}", _refused.GetValueOrDefault(limit));
        }

        text.Head("mesh_xds_rejects_not_logged_total", "counter", "Refusals by clients that were only counted.");
        text.Line("mesh_xds_rejects_not_logged_total", Interlocked.Read(ref _rejectsNotLogged));
        text.Head("mesh_xds_floods_cut_total", "counter", "Connections that were cut for a flood of small frames.");
        text.Line("mesh_xds_floods_cut_total", Interlocked.Read(ref _floods));
    }

    private void WriteConvergence(PrometheusText text)
    {
        const string name = "pilot_proxy_convergence_time";
        text.Head(name, "histogram", "Seconds from a change of the mesh to the proxy's acknowledgement.");
        long total = 0;
        for (var i = 0; i < Buckets.Length; i++)
        {
            total += Interlocked.Read(ref _convergence[i]);
            text.Line($"{name}_bucket{{le=\"{Buckets[i].ToString(CultureInfo.InvariantCulture)}\"}}", total);
        }

        total += Interlocked.Read(ref _convergence[Buckets.Length]);
        text.Line($"{name}_bucket{{le=\"+Inf\"}}", total);
        text.Line($"{name}_sum", Interlocked.Read(ref _convergenceMicroseconds) / 1e6);
        text.Line($"{name}_count", total);
    }
}
