using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Clusters;

namespace MeshOrleans.Proxy.Dataplane.Telemetry;

/// <summary>What the checks of endpoints have found, by cluster; one that is not checked has no series.</summary>
internal sealed class CheckMetrics
{
    private readonly ConcurrentDictionary<string, CheckSeries> _clusters = new(StringComparer.Ordinal);

    /// <summary>The counters of a cluster.</summary>
    public CheckSeries Of(string cluster) => _clusters.GetOrAdd(cluster, static _ => new CheckSeries());

    /// <summary>The cluster is not checked any more.</summary>
    public void Remove(string cluster) => _clusters.TryRemove(cluster, out _);

    /// <summary>Writes everything in Prometheus' text format.</summary>
    public void Write(StringBuilder text)
    {
        var clusters = _clusters.OrderBy(c => c.Key, StringComparer.Ordinal).ToList();
        text.Append("# TYPE mesh_health_checks_total counter\n");
        foreach (var (name, series) in clusters)
        {
            Line(text, "mesh_health_checks_total", $"cluster=\"{name}\",outcome=\"success\"", series.Passed);
            Line(text, "mesh_health_checks_total", $"cluster=\"{name}\",outcome=\"failure\"", series.Failed);
            Line(text, "mesh_health_checks_total", $"cluster=\"{name}\",outcome=\"not_made\"", series.NotMade);
        }

        text.Append("# TYPE mesh_unhealthy_endpoints gauge\n");
        foreach (var (name, series) in clusters)
        {
            Line(text, "mesh_unhealthy_endpoints", $"cluster=\"{name}\"", series.Unhealthy);
        }
    }

    private static void Line(StringBuilder text, string name, string labels, long value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value}\n");
}

/// <summary>The counters of one cluster's checks.</summary>
internal sealed class CheckSeries
{
    private long _passed;
    private long _failed;
    private long _notMade;
    private long _unhealthy;

    /// <summary>Checks that an endpoint has passed.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>Checks that failed.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Checks that this proxy could not make, for want of a valid certificate of its own.</summary>
    public long NotMade => Interlocked.Read(ref _notMade);

    /// <summary>Endpoints that are out.</summary>
    public long Unhealthy => Interlocked.Read(ref _unhealthy);

    public void Count(CheckOutcome outcome)
    {
        if (outcome is CheckOutcome.Passed) Interlocked.Increment(ref _passed);
        else if (outcome is CheckOutcome.NotMade) Interlocked.Increment(ref _notMade);
        else Interlocked.Increment(ref _failed);
    }

    public void Out() => Interlocked.Increment(ref _unhealthy);

    public void Back() => Interlocked.Decrement(ref _unhealthy);
}
