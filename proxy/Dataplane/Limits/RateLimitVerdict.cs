using System.Globalization;
using MeshOrleans.Model.Evaluation;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Limits;

/// <summary>What the limits say to one request.</summary>
/// <param name="Rule">The limit that refuses it, or else the one that leaves least; null when none applies.</param>
/// <param name="IsRefused">It is over a limit.</param>
/// <param name="Remaining">How many more requests would be taken now.</param>
/// <param name="ResetSeconds">Until when all of the limit can be used again.</param>
/// <param name="RetryAfterSeconds">Until when one more will be taken.</param>
/// <param name="WouldRefuse">A limit on trial that would have refused it.</param>
internal readonly record struct RateLimitVerdict(
    RateLimitRuleModel? Rule,
    bool IsRefused,
    long Remaining,
    long ResetSeconds,
    long RetryAfterSeconds,
    RateLimitRuleModel? WouldRefuse)
{
    /// <summary>Tells the caller. Source: draft-ietf-httpapi-ratelimit-headers-06, the last with these names.</summary>
    public void ApplyTo(IHeaderDictionary headers)
    {
        if (Rule is null) return;
        headers["RateLimit-Limit"] = Text(Rule.Burst);
        headers["RateLimit-Remaining"] = Text(Remaining);
        headers["RateLimit-Reset"] = Text(ResetSeconds);
    }

    /// <summary>Tells the caller why it is refused, and its sidecar that it is not to be tried again.</summary>
    public void ApplyRefusalTo(IHeaderDictionary headers)
    {
        headers.RetryAfter = Text(RetryAfterSeconds);
        headers[Http.HopHeaders.RateLimited] = "true";
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
