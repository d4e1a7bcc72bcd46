using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol.Limits;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>How many requests the workload takes.</summary>
internal static class RateLimitReader
{
    private const int BurstFactor = 100;

    public static ImmutableArray<RateLimitRuleModel> Read(RateLimit limits, FieldPath at) =>
        [.. limits.Rules.Select((r, i) => Rule(r, at.At("rules").At(i)))];

    private static RateLimitRuleModel Rule(RateLimit.Types.Rule rule, FieldPath at)
    {
        if (rule.Match is null) throw new UnusableResourceException(at.At("match"), "is required");
        if (rule.Requests == 0) throw new UnusableResourceException(at.At("requests"), "must be more than 0");
        var interval = CoreReader.Positive(rule.Interval, at.At("interval"))
            ?? throw new UnusableResourceException(at.At("interval"), "must be more than 0");
        if (interval > TimeSpan.FromDays(1))
        {
            throw new UnusableResourceException(at.At("interval"), "is longer than a day");
        }

        if (rule.Burst == 0 || rule.Burst > (long)BurstFactor * rule.Requests)
        {
            throw new UnusableResourceException(at.At("burst"), $"must be from 1 to {BurstFactor} times requests");
        }

        return new RateLimitRuleModel(
            RbacReader.Policy(rule.Name, rule.Match, at.At("match")),
            rule.Requests,
            interval,
            rule.Burst,
            [.. rule.Keys.Select((k, i) => Key(k, at.At("keys").At(i)))],
            rule.DryRun);
    }

    private static RateLimitKeyModel Key(RateLimit.Types.Key key, FieldPath at) => key.SourceCase switch
    {
        RateLimit.Types.Key.SourceOneofCase.Header =>
            new(RateLimitKeySource.Header, key.Header.ToLowerInvariant()),
        RateLimit.Types.Key.SourceOneofCase.Path => new(RateLimitKeySource.Path),
        RateLimit.Types.Key.SourceOneofCase.Identity => new(RateLimitKeySource.Identity),
        _ => throw new UnusableResourceException(at.At("source"), "is required"),
    };
}
