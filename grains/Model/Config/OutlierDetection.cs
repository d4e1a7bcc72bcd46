using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>When an endpoint is taken out because of errors. Null fields mean the default that is given.</summary>
public sealed record OutlierDetection
{
    /// <summary>
    /// 5xx in a row; null means 5, zero switches it off. Also written <c>consecutiveErrors</c> of old.
    /// </summary>
    public int? Consecutive5xxErrors { get; init; }

    /// <summary>502, 503 and 504 in a row; null or zero switches it off.</summary>
    public int? ConsecutiveGatewayErrors { get; init; }

    /// <summary>Whether errors of the connection are counted apart from those of the application.</summary>
    public bool SplitExternalLocalOriginErrors { get; init; }

    /// <summary>Errors of the connection in a row; null means 5. Only with the split.</summary>
    public int? ConsecutiveLocalOriginFailures { get; init; }

    /// <summary>Time between sweeps; null means 10 s.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Length of the first ejection; null means 30 s.</summary>
    public TimeSpan? BaseEjectionTime { get; init; }

    /// <summary>Share of endpoints that may be out, in percent; null means 10.</summary>
    public int? MaxEjectionPercent { get; init; }

    /// <summary>Share of healthy endpoints below which all are used again, in percent; null means 0.</summary>
    public int? MinHealthPercent { get; init; }

    /// <summary>Status codes that count as errors; none means 5xx.</summary>
    public ImmutableArray<int> HttpErrorCodes { get; init; } = [];
}
