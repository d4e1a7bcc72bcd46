using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of RateLimit.</summary>
internal static class RateLimitRules
{
    private const int MaxRequests = 1_000_000;
    private const int MaxKeys = 4;
    private const int BurstFactor = 100;
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);

    public static void Check(RateLimit limit, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckSelector(limit.Selector, spec.At("selector"), "matchLabels", report);
        report.ErrorIf(limit.Rules.IsEmpty, spec, "rules must have at least one element");
        foreach (var (i, rule) in limit.Rules.Index()) CheckRule(rule, spec.At("rules").At(i), report);
    }

    private static void CheckRule(RateLimitRule rule, FieldPath path, RuleReport report)
    {
        AuthorizationPolicyRules.CheckRule(rule.Match, path, report);
        AuthorizationPolicyLimits.CheckRule(rule.Match, AuthorizationAction.Deny, path, report);
        if (rule.Requests is not (>= 1 and <= MaxRequests))
        {
            report.Error(path.At("requests"), $"requests must be from 1 to {MaxRequests}");
        }

        if (rule.Interval is not { } interval || interval < ShortestInterval || interval > LongestInterval)
        {
            report.Error(path.At("interval"), "interval must be from 1ms to 24h");
        }

        if (rule.Burst is { } burst && (burst < 1 || burst > (long)BurstFactor * (rule.Requests ?? MaxRequests)))
        {
            report.Error(path.At("burst"), $"burst must be from 1 to {BurstFactor} times requests");
        }

        report.ErrorIf(rule.Keys.Length > MaxKeys, path.At("keys"), $"at most {MaxKeys} keys can be set");
        foreach (var (i, key) in rule.Keys.Index()) CheckKey(key, path.At("keys").At(i), report);
    }

    private static void CheckKey(RateLimitKey key, FieldPath path, RuleReport report)
    {
        var given = (key.Header.Length > 0 ? 1 : 0) + (key.Path ? 1 : 0) + (key.Identity ? 1 : 0);
        report.ErrorIf(given != 1, path, "a key is one of header, path: true and identity: true");
        if (key.Header.Length > 0 && !HeaderRules.IsToken(key.Header))
        {
            report.Error(path.At("header"), $"header name {key.Header} is not a valid header name");
        }
    }
}
