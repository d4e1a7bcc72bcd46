namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class RateLimitRulesTests
{
    [Theory]
    [InlineData("{ rules: [{ requests: 5, interval: 1s }] }")]
    [InlineData(
        "{ selector: { matchLabels: { app: b } }, dryRun: true, rules: [{ from: [{ source: { namespaces: [a] } }], to: [{ "
        + "operation: { methods: [GET], paths: [\"/a*\"] } }], requests: 5, interval: 1m, burst: 10, keys: [{ header: x-user }, "
        + "{ path: true }, { identity: true }] }] }")]
    public void A_limit_is_accepted(string spec) => RuleTable.Accepts("RateLimit", spec);

    [Theory]
    [InlineData("{ }", "", "rules must have at least one element")]
    [InlineData("{ rules: [{ interval: 1s }] }", "rules[0].requests", "requests must be from 1 to 1000000")]
    [InlineData("{ rules: [{ requests: 0, interval: 1s }] }", "rules[0].requests", "requests must be from 1")]
    [InlineData("{ rules: [{ requests: 1 }] }", "rules[0].interval", "interval must be from 1ms to 24h")]
    [InlineData("{ rules: [{ requests: 1, interval: 25h }] }", "rules[0].interval", "interval must be from 1ms to 24h")]
    [InlineData("{ rules: [{ requests: 1, interval: 1s, burst: 0 }] }", "rules[0].burst", "burst must be from 1 to 100")]
    [InlineData("{ rules: [{ requests: 1, interval: 1s, burst: 101 }] }", "rules[0].burst", "burst must be from 1 to 100")]
    [InlineData("{ rules: [{ requests: 1, interval: 1s, keys: [{ }] }] }", "rules[0].keys[0]", "a key is one of")]
    [InlineData(
        "{ rules: [{ requests: 1, interval: 1s, keys: [{ path: true, identity: true }] }] }", "rules[0].keys[0]",
        "a key is one of")]
    [InlineData(
        "{ rules: [{ requests: 1, interval: 1s, keys: [{ header: \"a b\" }] }] }", "rules[0].keys[0].header",
        "not a valid header name")]
    [InlineData(
        "{ selector: { matchLabels: { app: \"*\" } }, rules: [{ requests: 1, interval: 1s }] }",
        "selector.matchLabels.app", "wildcard is not supported in selector")]
    public void A_limit_that_cannot_be_kept_is_refused(string spec, string path, string message) =>
        RuleTable.Refuses("RateLimit", spec, path, message);
}
