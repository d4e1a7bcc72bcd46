using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Limits;

/// <summary>Holds requests to the limits of the workload, and answers those that are over.</summary>
internal sealed class RateLimitGate(TimeProvider clock, ProxyMetrics metrics)
{
    private readonly RateLimiter _limiter = new(clock);

    /// <summary>Counts a request; one that is not admitted is to be answered by <see cref="RefuseAsync"/>.</summary>
    public bool Admits(
        RequestExchange exchange, ImmutableArray<RateLimitRuleModel> limits, in HttpRequestView view)
    {
        if (limits.IsEmpty) return true;
        exchange.RateLimit = _limiter.Admit(limits, in view);
        if (exchange.RateLimit.WouldRefuse is not null) metrics.CountRateLimited(isDryRun: true);
        return !exchange.RateLimit.IsRefused;
    }

    /// <summary>Answers 429 and when to come back.</summary>
    public Task RefuseAsync(RequestExchange exchange)
    {
        metrics.CountRateLimited(isDryRun: false);
        exchange.Flags |= ResponseFlags.RateLimited;
        exchange.Details = "local_rate_limited";
        exchange.RateLimit.ApplyRefusalTo(exchange.Context.Response.Headers);
        return LocalReply.WriteAsync(exchange, StatusCodes.Status429TooManyRequests, LocalReply.RateLimited);
    }
}
