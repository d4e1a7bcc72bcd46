using System.Globalization;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Sidecar.Xds;

namespace MeshOrleans.Proxy.Sidecar.Admin;

/// <summary>What the sidecar measures of itself, in Prometheus' text format.</summary>
internal sealed class SidecarMetrics(AdminSubjects subjects)
{
    public string Write()
    {
        var text = new StringBuilder();
        var (now, status, identity) = (subjects.Clock.GetUtcNow(), subjects.Models.Status, subjects.Identity.Current);
        Gauge(text, "mesh_sidecar_ready", "1 when traffic can come.", subjects.Readiness.Missing() is null ? 1 : 0);
        Gauge(
            text, "mesh_xds_connected", "1 while a gateway has answered on an open stream.", status.Gateway is null
                ? 0
                : 1);
        if (status.Age(now) is { } age)
        {
            Gauge(
                text,
                "mesh_config_age_seconds",
                "How long nobody has stood behind the configuration in use.",
                age.TotalSeconds);
        }

        Gauge(
            text,
            "mesh_config_last_good",
            "1 while the configuration comes from disk.",
            status.Source is ConfigSource.LastGood
                ? 1
                : 0);
        if (identity.Svid is { } svid)
        {
            Gauge(
                text,
                "mesh_certificate_expiration_timestamp_seconds",
                "When the certificate ends.",
                svid.NotAfter.ToUnixTimeSeconds());
        }

        text.Append(
            "# HELP mesh_xds_rejects_total Responses that were refused.\n# TYPE mesh_xds_rejects_total counter\n");
        foreach (var (type, of) in status.Types)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"mesh_xds_rejects_total{{type=\"{type[(type.LastIndexOf('.') + 1)..]}\"}} {of.Refusals}\n");
        }

        Gauge(
            text,
            "mesh_demands_parked",
            "Requests that wait for a host that the sidecar has not been told of.",
            subjects.Demands.Parked);
        var demands = subjects.Demands.Counts;
        text.Append("# HELP mesh_demands_total Hosts that were asked for.\n# TYPE mesh_demands_total counter\n");
        foreach (var (result, count) in new[] { ("found", demands.Found), ("in_vain", demands.InVain) })
        {
            text.Append(CultureInfo.InvariantCulture, $"mesh_demands_total{{result=\"{result}\"}} {count}\n");
        }

        Gauge(
            text,
            "mesh_requests_in_flight",
            "Requests and relayed connections that have not ended.",
            subjects.Dataplane.Drain.InFlight);
        Overflows(text);
        Connections(text);
        text.Append(
            CultureInfo.InvariantCulture,
            $"# HELP mesh_sidecar_allocated_bytes_total Memory that the process has allocated since its start.\n# TYPE mesh_sidecar_allocated_bytes_total counter\nmesh_sidecar_allocated_bytes_total {GC.GetTotalAllocatedBytes()}\n");
        return text.ToString();
    }

    // Of clusters that limit something, or have refused anything.
    private void Overflows(StringBuilder text)
    {
        var breakers = Clusters(c => c.Breaker, b => b.IsLimited || b.Overflows + b.ConnectionOverflows > 0);
        Family(text, "envoy_cluster_upstream_rq_pending_overflow", "counter", "Requests that the limits of a cluster have refused.", breakers, b => b.Overflows);
        Family(text, "envoy_cluster_upstream_cx_overflow", "counter", "Connections of bytes that the limits of a cluster have refused.", breakers, b => b.ConnectionOverflows);
    }

    // Of clusters that have been called.
    private void Connections(StringBuilder text)
    {
        var counts = Clusters(c => c.Connections, c => c.Total + c.Failed > 0);
        Family(text, "envoy_cluster_upstream_cx_active", "gauge", "Connections to the members of a cluster that are open.", counts, c => c.Active);
        Family(text, "envoy_cluster_upstream_cx_total", "counter", "Connections to the members of a cluster.", counts, c => c.Total);
        Family(text, "envoy_cluster_upstream_cx_connect_fail", "counter", "Connections to the members of a cluster that did not come about.", counts, c => c.Failed);
    }

    private List<(string Name, T Part)> Clusters<T>(Func<ClusterState, T> partOf, Func<T, bool> counts) =>
    [
        .. subjects.State.Current.Clusters.Select(c => (Name: c.Key, Part: partOf(c.Value.State)))
            .Where(c => counts(c.Part))
            .OrderBy(c => c.Name, StringComparer.Ordinal),
    ];

    // Under Envoy's names, which dashboards and alerts know.
    private static void Family<T>(
        StringBuilder text, string name, string type, string help, List<(string Name, T Part)> clusters, Func<T, long> read)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
        foreach (var (cluster, part) in clusters)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{{cluster_name=\"{cluster}\"}} {read(part)}\n");
        }
    }

    private static void Gauge(StringBuilder text, string name, string help, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
}
