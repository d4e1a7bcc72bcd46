using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Where a cluster's endpoints come from.</summary>
public enum ClusterKind
{
    /// <summary>The control plane lists them (EDS).</summary>
    Eds,

    /// <summary>The cluster lists them; a black hole lists none.</summary>
    Static,

    /// <summary>The caller names its destination (PassthroughCluster).</summary>
    OriginalDestination,
}

/// <summary>How an endpoint is chosen.</summary>
public enum LoadBalancing
{
    /// <summary>The less loaded of two drawn at random, load counted per weight.</summary>
    LeastRequest,

    /// <summary>In turn, by weight.</summary>
    RoundRobin,

    /// <summary>At random, by weight.</summary>
    Random,

    /// <summary>By the request's hash on a ring; at random without one.</summary>
    RingHash,

    /// <summary>By the request's hash in a Maglev table; at random without one.</summary>
    Maglev,
}

/// <summary>Which HTTP version goes to endpoints in plaintext. Between sidecars it is always HTTP/2.</summary>
public enum UpstreamProtocol
{
    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge (gRPC ports, h2UpgradePolicy).</summary>
    Http2,

    /// <summary>What the caller spoke.</summary>
    AsDownstream,
}

/// <summary>One upstream service, subset or port.</summary>
public sealed record ClusterModel
{
    /// <summary>The largest hash ring that a cluster may ask for (Envoy's bound).</summary>
    public const long LargestRing = 8 * 1024 * 1024;

    /// <summary>The name, e.g. <c>outbound|80|v1|cart.shop.svc.cluster.local</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where endpoints come from.</summary>
    public ClusterKind Kind { get; init; }

    /// <summary>How an endpoint is chosen.</summary>
    public LoadBalancing LoadBalancing { get; init; }

    /// <summary>Places on a hash ring at least, as far as <see cref="MaxRingSize"/> allows.</summary>
    /// <value>1024 by default.</value>
    public long MinRingSize { get; init; } = 1024;

    /// <summary>Places on a hash ring at most.</summary>
    /// <value>8 Mi by default, which is also the most.</value>
    public long MaxRingSize { get; init; } = LargestRing;

    /// <summary>Entries of a Maglev table, a prime.</summary>
    /// <value>65537 by default.</value>
    public long MaglevTableSize { get; init; } = 65537;

    /// <summary>The endpoints of all priorities; no two share address and port.</summary>
    public ImmutableArray<EndpointModel> Endpoints { get; init; } = [];

    /// <summary>The lanes that cover it: endpoints of a lane serve its requests only.</summary>
    public LaneSet Lanes { get; init; } = LaneSet.None;

    /// <summary>Choose a locality by its weight first, then an endpoint in it.</summary>
    public bool LocalityWeighted { get; init; }

    /// <summary>A priority counts as full while healthy share times this is 100 % or more.</summary>
    /// <value>140 by default.</value>
    public int OverprovisioningPercent { get; init; } = 140;

    /// <summary>How connections are secured.</summary>
    public UpstreamTlsModel Tls { get; init; } = UpstreamTlsModel.Off;

    /// <summary>Its endpoint is the workload's own application.</summary>
    public bool IsApplication { get; init; }

    /// <summary>With what its connections begin.</summary>
    public ProxyHeaderVersion Header { get; init; }

    /// <summary>The HTTP version in plaintext.</summary>
    public UpstreamProtocol Protocol { get; init; }

    /// <summary>What its connections are like.</summary>
    public ConnectionModel Connection { get; init; } = new();

    /// <summary>How the share of new endpoints rises; null when they have it at once.</summary>
    public WarmupModel? Warmup { get; init; }

    /// <summary>The limits of this proxy towards this cluster.</summary>
    public CircuitLimits Limits { get; init; } = CircuitLimits.None;

    /// <summary>When endpoints are left out for a while; null for never.</summary>
    public OutlierModel? Outlier { get; init; }

    /// <summary>How endpoints are asked whether they are well; null for not at all.</summary>
    public HealthCheckModel? HealthCheck { get; init; }

    /// <summary>
    /// What is ejected or found unwell is used all the same while fewer than this share of endpoints is in; 0 switches
    /// that off.
    /// </summary>
    public int PanicThresholdPercent { get; init; }

    /// <summary>The service that metrics name, e.g. <c>cart.shop.svc.cluster.local</c>; empty when unknown.</summary>
    public string ServiceHost { get; init; } = "";

    /// <summary>The namespace of that service; empty when unknown.</summary>
    public string ServiceNamespace { get; init; } = "";
}

/// <summary>
/// The limits of one cluster, per sidecar. What is over a limit is answered with 503, flag UO, at once.
/// </summary>
/// <param name="MaxConnections">Connections.</param>
/// <param name="MaxPendingRequests">Requests that wait for a connection.</param>
/// <param name="MaxRequests">Requests in flight.</param>
/// <param name="MaxRetries">Retries in flight.</param>
public sealed record CircuitLimits(
    long MaxConnections = CircuitLimits.Unlimited,
    long MaxPendingRequests = CircuitLimits.Unlimited,
    long MaxRequests = CircuitLimits.Unlimited,
    long MaxRetries = CircuitLimits.Unlimited)
{
    /// <summary>The share of requests that may be retries; null when <see cref="MaxRetries"/> counts.</summary>
    public RetryBudgetModel? RetryBudget { get; init; }

    /// <summary>Istio's "unset": 2^32-1.</summary>
    public const long Unlimited = uint.MaxValue;

    /// <summary>No limit.</summary>
    public static CircuitLimits None { get; } = new();
}

/// <summary>How many retries there may be beside the requests in flight.</summary>
/// <param name="Percent">Of the requests in flight and waiting, from 0 to 100.</param>
/// <param name="MinConcurrency">So many are always allowed.</param>
/// <remarks>Source: Envoy, CircuitBreakers.Thresholds.RetryBudget.</remarks>
public sealed record RetryBudgetModel(double Percent = 20, long MinConcurrency = 3)
{
    /// <summary>The most retries while so many requests are in flight.</summary>
    public long Most(long activeRequests) => Math.Max((long)(Percent / 100 * activeRequests), MinConcurrency);
}

/// <summary>When an endpoint is ejected and for how long (<c>envoy.config.cluster.v3.OutlierDetection</c>).</summary>
public sealed record OutlierModel
{
    /// <summary>So many 5xx in a row eject; resets and timeouts count unless split. 0 for never.</summary>
    public int Consecutive5xx { get; init; } = 5;

    /// <summary>So many 502, 503 or 504 in a row eject. 0 for never.</summary>
    public int ConsecutiveGatewayErrors { get; init; }

    /// <summary>With <see cref="SplitLocalOrigin"/>: so many failures to connect in a row eject. 0 for never.</summary>
    public int ConsecutiveLocalOriginFailures { get; init; } = 5;

    /// <summary>The statuses that count as errors; every one from 500 on when none is named.</summary>
    public ImmutableArray<int> ErrorStatuses { get; init; } = [];

    /// <summary>Failures of this side (connect, reset, timeout) are counted apart from answers.</summary>
    public bool SplitLocalOrigin { get; init; }

    /// <summary>How often ejected endpoints are looked at again.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first ejection; the n-th takes n times as long.</summary>
    public TimeSpan BaseEjectionTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest ejection, unless the base is longer.</summary>
    public TimeSpan MaxEjectionTime { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Ejected endpoints, the next one included, may be at most this share of all.</summary>
    public int MaxEjectionPercent { get; init; } = 10;

    /// <summary>One endpoint may be ejected even where the share forbids it.</summary>
    public bool AlwaysEjectOneHost { get; init; }

    /// <summary>Whether a response of this status is an error.</summary>
    public bool IsError(int status) => ErrorStatuses.IsEmpty ? status >= 500 : ErrorStatuses.Contains(status);
}
