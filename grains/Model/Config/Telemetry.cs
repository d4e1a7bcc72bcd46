using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Which side of a call is meant.</summary>
public enum WorkloadMode
{
    /// <summary>Both.</summary>
    ClientAndServer,

    /// <summary>The caller's.</summary>
    Client,

    /// <summary>The callee's.</summary>
    Server,
}

/// <summary>What is traced, measured and logged (telemetry.istio.io).</summary>
public sealed record Telemetry : ConfigSpec
{
    /// <summary>
    /// The workloads it is for; null means all of the namespace, or of the mesh in the root namespace.
    /// </summary>
    public WorkloadSelector? Selector { get; init; }

    /// <summary>The resources it is attached to; exclusive with <see cref="Selector"/>.</summary>
    public ImmutableArray<PolicyTarget> TargetRefs { get; init; } = [];

    /// <summary>Tracing.</summary>
    public ImmutableArray<TelemetryTracing> Tracing { get; init; } = [];

    /// <summary>Metrics.</summary>
    public ImmutableArray<TelemetryMetrics> Metrics { get; init; } = [];

    /// <summary>Access logs.</summary>
    public ImmutableArray<TelemetryAccessLog> AccessLogging { get; init; } = [];
}

/// <summary>What is traced.</summary>
public sealed record TelemetryTracing
{
    /// <summary>The side it is for; null means both.</summary>
    public WorkloadMode? Mode { get; init; }

    /// <summary>Names of the receivers; none means the inherited ones.</summary>
    public ImmutableArray<string> Providers { get; init; } = [];

    /// <summary>Share of requests traced, in percent; null means the inherited one.</summary>
    public double? RandomSamplingPercentage { get; init; }

    /// <summary>Whether spans are not sent; null means the inherited setting.</summary>
    public bool? DisableSpanReporting { get; init; }

    /// <summary>Whether the request id decides about sampling; null means yes.</summary>
    public bool? UseRequestIdForTraceSampling { get; init; }

    /// <summary>Whether the mesh's own tags are added; null means yes.</summary>
    public bool? EnableIstioTags { get; init; }

    /// <summary>Further tags by name.</summary>
    public ImmutableSortedDictionary<string, TelemetryTag> CustomTags { get; init; } = EmptyMap.Of<TelemetryTag>();
}

/// <summary>Where a tag's value comes from.</summary>
public enum TelemetryTagSource
{
    /// <summary>Written in the resource.</summary>
    Literal,

    /// <summary>An environment variable of the proxy.</summary>
    Environment,

    /// <summary>A request header.</summary>
    Header,

    /// <summary>A format of the access log.</summary>
    Formatter,
}

/// <summary>A further tag.</summary>
/// <param name="Source">Where its value comes from.</param>
/// <param name="Value">The value, or the name of variable or header.</param>
/// <param name="DefaultValue">Used when there is none; may be empty.</param>
public sealed record TelemetryTag(TelemetryTagSource Source, string Value, string DefaultValue);

/// <summary>What is measured.</summary>
/// <param name="Providers">Names of the receivers; none means the inherited ones.</param>
/// <param name="Overrides">Changes to single metrics, in order.</param>
/// <param name="ReportingInterval">Time between reports of TCP connections; null means 5 s.</param>
public sealed record TelemetryMetrics(
    ImmutableArray<string> Providers,
    ImmutableArray<MetricOverride> Overrides,
    TimeSpan? ReportingInterval);

/// <summary>A change to metrics.</summary>
public sealed record MetricOverride
{
    /// <summary>The metric by Istio's name, e.g. <c>REQUEST_COUNT</c>; empty means all.</summary>
    public string Metric { get; init; } = "";

    /// <summary>The metric by its own name; empty when <see cref="Metric"/> says it.</summary>
    public string CustomMetric { get; init; } = "";

    /// <summary>The side it is for; null means both.</summary>
    public WorkloadMode? Mode { get; init; }

    /// <summary>Whether it is off; null means the inherited setting.</summary>
    public bool? Disabled { get; init; }

    /// <summary>Changes to its tags by name.</summary>
    public ImmutableSortedDictionary<string, TagOverride> TagOverrides { get; init; } = EmptyMap.Of<TagOverride>();
}

/// <summary>What happens to a tag.</summary>
public enum TagOperation
{
    /// <summary>It is set to the value.</summary>
    Upsert,

    /// <summary>It is taken away.</summary>
    Remove,
}

/// <summary>A change to a tag.</summary>
/// <param name="Operation">What happens to it.</param>
/// <param name="Value">The expression it is set to; empty when removed.</param>
public sealed record TagOverride(TagOperation Operation, string Value);

/// <summary>What is logged.</summary>
/// <param name="Mode">The side it is for; null means both.</param>
/// <param name="Providers">Names of the receivers; none means the inherited ones.</param>
/// <param name="Disabled">Whether it is off; null means the inherited setting.</param>
/// <param name="Filter">Expression that chooses requests; empty means all.</param>
public sealed record TelemetryAccessLog(
    WorkloadMode? Mode,
    ImmutableArray<string> Providers,
    bool? Disabled,
    string Filter);
