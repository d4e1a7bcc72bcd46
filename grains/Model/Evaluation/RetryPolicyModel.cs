using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>The failures after which a request may be sent again (<c>retry_on</c> of Envoy).</summary>
[Flags]
public enum RetryConditions
{
    /// <summary>Never.</summary>
    None = 0,

    /// <summary>The connection could not be made.</summary>
    ConnectFailure = 1,

    /// <summary>The server refused the stream (HTTP/2 REFUSED_STREAM).</summary>
    RefusedStream = 1 << 1,

    /// <summary>The connection broke, or no answer came in time.</summary>
    Reset = 1 << 2,

    /// <summary>There was no connection to send the request on.</summary>
    ResetBeforeRequest = 1 << 3,

    /// <summary>A status of 500 to 599, and everything that <see cref="Reset"/> names.</summary>
    ServerError = 1 << 4,

    /// <summary>502, 503 or 504, and everything that <see cref="Reset"/> names.</summary>
    GatewayError = 1 << 5,

    /// <summary>409.</summary>
    RetriableClientError = 1 << 6,

    /// <summary>A status of <see cref="RetryPolicyModel.RetriableStatusCodes"/>.</summary>
    RetriableStatusCodes = 1 << 7,

    /// <summary>gRPC status 1.</summary>
    GrpcCancelled = 1 << 8,

    /// <summary>gRPC status 4.</summary>
    GrpcDeadlineExceeded = 1 << 9,

    /// <summary>gRPC status 13.</summary>
    GrpcInternal = 1 << 10,

    /// <summary>gRPC status 8.</summary>
    GrpcResourceExhausted = 1 << 11,

    /// <summary>gRPC status 14.</summary>
    GrpcUnavailable = 1 << 12,

    /// <summary>A rate limiter refused it (<c>x-envoy-ratelimited</c>); without this it is never sent again.</summary>
    RateLimited = 1 << 13,
}

/// <summary>How a try can fail without a response.</summary>
public enum TryFailure
{
    /// <summary>There was no connection; nothing was sent.</summary>
    Connect,

    /// <summary>The server refused the stream; nothing was done with it.</summary>
    RefusedStream,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>The time for one try was over.</summary>
    TryTimeout,

    /// <summary>What the server said is no answer to what it was asked.</summary>
    Protocol,
}

/// <summary>When and how a request is sent again.</summary>
public sealed record RetryPolicyModel
{
    /// <summary>After which failures.</summary>
    public RetryConditions On { get; init; }

    /// <summary>How often at most, the first try not counted.</summary>
    /// <value>1 by default (Envoy); Istio sends 2.</value>
    public int Attempts { get; init; } = 1;

    /// <summary>How long one try may take; null for as long as the route's timeout leaves.</summary>
    public TimeSpan? PerTryTimeout { get; init; }

    /// <summary>Response statuses that count as failures.</summary>
    public ImmutableArray<int> RetriableStatusCodes { get; init; } = [];

    /// <summary>The shortest wait; it doubles with each try and is drawn between zero and itself.</summary>
    /// <value>25 ms by default.</value>
    public TimeSpan BackoffBase { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>The longest wait; null for ten times the shortest.</summary>
    public TimeSpan? BackoffMax { get; init; }

    /// <summary>Avoid the endpoints that have failed this request already.</summary>
    public bool AvoidPreviousHosts { get; init; }

    /// <summary>How often another endpoint is drawn when the load balancer names one that has failed already.</summary>
    /// <value>5 by default, as Istio sends it.</value>
    public int HostSelectionAttempts { get; init; } = 5;

    /// <summary>
    /// After so many tries, and each time as many again, the priorities that were tried are left out as long as others
    /// can take the request (<c>envoy.retry_priorities.previous_priorities</c>).
    /// </summary>
    /// <value>0 by default: never. Istio sends 2 for <c>retryRemoteLocalities</c>.</value>
    public int OtherPrioritiesAfter { get; init; }

    /// <summary>Whether a request of which something was sent may have to be sent again.</summary>
    public bool NeedsBody => (On & ~(RetryConditions.ConnectFailure | RetryConditions.ResetBeforeRequest)) != 0;

    /// <summary>
    /// Reads the comma-separated <c>retry_on</c> text; numbers name statuses, unknown words are ignored.
    /// </summary>
    public RetryPolicyModel WithConditions(string retryOn)
    {
        var conditions = RetryConditions.None;
        var statuses = RetriableStatusCodes.ToBuilder();
        foreach (var word in retryOn.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(word, System.Globalization.NumberStyles.None, null, out var status)) statuses.Add(status);
            else conditions |= Condition(word);
        }

        if (statuses.Count > RetriableStatusCodes.Length) conditions |= RetryConditions.RetriableStatusCodes;
        return this with { On = conditions, RetriableStatusCodes = statuses.ToImmutable() };
    }

    /// <summary>Whether a try without a response is followed by another.</summary>
    /// <remarks>Source: Envoy, RetryStateImpl::wouldRetryFromReset.</remarks>
    public bool Covers(TryFailure failure)
    {
        const RetryConditions AnyReset =
            RetryConditions.Reset | RetryConditions.ServerError | RetryConditions.GatewayError;
        if ((On & AnyReset) != 0) return true;
        return failure switch
        {
            TryFailure.Connect => (On & (RetryConditions.ConnectFailure | RetryConditions.ResetBeforeRequest)) != 0,
            TryFailure.RefusedStream => On.HasFlag(RetryConditions.RefusedStream),
            _ => false,
        };
    }

    /// <summary>Whether a response is thrown away and followed by another try.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="grpcStatus">The gRPC status, if the headers carry one.</param>
    /// <param name="isRateLimited">Whether a rate limiter says that it refused the request.</param>
    /// <remarks>Source: Envoy, RetryStateImpl::wouldRetryFromHeaders.</remarks>
    public bool Covers(int status, int? grpcStatus, bool isRateLimited = false)
    {
        if (isRateLimited) return On.HasFlag(RetryConditions.RateLimited);
        if (status >= 500 && On.HasFlag(RetryConditions.ServerError)) return true;
        if (status is 502 or 503 or 504 && On.HasFlag(RetryConditions.GatewayError)) return true;
        if (status == 409 && On.HasFlag(RetryConditions.RetriableClientError)) return true;
        if (On.HasFlag(RetryConditions.RetriableStatusCodes) && RetriableStatusCodes.Contains(status)) return true;
        return grpcStatus switch
        {
            1 => On.HasFlag(RetryConditions.GrpcCancelled),
            4 => On.HasFlag(RetryConditions.GrpcDeadlineExceeded),
            8 => On.HasFlag(RetryConditions.GrpcResourceExhausted),
            13 => On.HasFlag(RetryConditions.GrpcInternal),
            14 => On.HasFlag(RetryConditions.GrpcUnavailable),
            _ => false,
        };
    }

    /// <summary>How long to wait before a retry, counted from 1; at most <see cref="Timers.Longest"/>.</summary>
    public TimeSpan Backoff(int retry, IRandomSource random)
    {
        var longest = BackoffMax ?? BackoffBase * 10;
        if (longest > Timers.Longest) longest = Timers.Longest;
        var ceiling = BackoffBase * Math.Pow(2, Math.Min(retry - 1, 16));
        return (ceiling < longest ? ceiling : longest) * random.NextDouble();
    }

    private static RetryConditions Condition(string word) => word switch
    {
        "connect-failure" => RetryConditions.ConnectFailure,
        "refused-stream" => RetryConditions.RefusedStream,
        "reset" => RetryConditions.Reset,
        "reset-before-request" => RetryConditions.ResetBeforeRequest,
        "5xx" => RetryConditions.ServerError,
        "gateway-error" => RetryConditions.GatewayError,
        "retriable-4xx" => RetryConditions.RetriableClientError,
        "retriable-status-codes" => RetryConditions.RetriableStatusCodes,
        "cancelled" => RetryConditions.GrpcCancelled,
        "deadline-exceeded" => RetryConditions.GrpcDeadlineExceeded,
        "internal" => RetryConditions.GrpcInternal,
        "resource-exhausted" => RetryConditions.GrpcResourceExhausted,
        "unavailable" => RetryConditions.GrpcUnavailable,
        "envoy-ratelimited" => RetryConditions.RateLimited,
        _ => RetryConditions.None,
    };
}
