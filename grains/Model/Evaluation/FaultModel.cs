using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Failures made on purpose. The delay comes before the abort; each is drawn by itself.</summary>
public sealed record FaultModel
{
    /// <summary>The share of requests that wait.</summary>
    public Fraction DelayShare { get; init; }

    /// <summary>How long they wait; outside the route's timeout.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The share of requests that fail.</summary>
    public Fraction AbortShare { get; init; }

    /// <summary>The HTTP status of the failure; null when it is a gRPC status.</summary>
    public int? AbortHttpStatus { get; init; }

    /// <summary>The gRPC status of the failure; null when it is an HTTP status.</summary>
    public int? AbortGrpcStatus { get; init; }

    /// <summary>Which requests are eligible; all of them when empty.</summary>
    public ImmutableArray<HeaderMatcher> Headers { get; init; } = [];

    /// <summary>Draws what happens to one request.</summary>
    public FaultDecision Draw<TView>(in TView view, IRandomSource random)
        where TView : struct, IRequestView, allows ref struct
    {
        foreach (var header in Headers)
        {
            if (!header.Matches(in view)) return default;
        }

        var delayed = Delay > TimeSpan.Zero && DelayShare.Hits(random);
        var aborted = (AbortHttpStatus ?? AbortGrpcStatus) is not null && AbortShare.Hits(random);
        return new FaultDecision(
            delayed ? Delay : TimeSpan.Zero, aborted ? AbortHttpStatus : null, aborted ? AbortGrpcStatus : null);
    }
}

/// <summary>What a fault does to one request.</summary>
/// <param name="Delay">How long it waits first; zero for not at all.</param>
/// <param name="HttpStatus">The status it then fails with, if any.</param>
/// <param name="GrpcStatus">The gRPC status it then fails with, if any.</param>
public readonly record struct FaultDecision(TimeSpan Delay, int? HttpStatus, int? GrpcStatus)
{
    /// <summary>True when the request is not forwarded.</summary>
    public bool Aborts => HttpStatus is not null || GrpcStatus is not null;
}
