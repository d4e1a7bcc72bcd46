using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of how an endpoint is chosen.</summary>
internal static class LoadBalancerRules
{
    public static void Check(LoadBalancer? balancer, FieldPath path, RuleReport report)
    {
        if (balancer is null) return;
        report.ErrorIf(
            balancer is { Simple: not null, ConsistentHash: not null }, path, "only one of simple and consistentHash may be set");
        if (balancer.ConsistentHash is { } hash) CheckHash(hash, path.At("consistentHash"), report);
        CheckLocality(balancer.LocalityLbSetting, path.At("localityLbSetting"), report);
        CheckWarmup(balancer, path.At("warmup"), report);
    }

    public static void CheckLocality(LocalityLoadBalancer? locality, FieldPath path, RuleReport report)
    {
        if (locality is null) return;
        if (!locality.Distribute.IsEmpty && !(locality.Failover.IsEmpty && locality.FailoverPriority.IsEmpty))
        {
            report.Error(path, "can not simultaneously specify 'distribute' and 'failover'");
        }

        foreach (var (i, share) in locality.Distribute.Index())
        {
            var to = path.At("distribute").At(i).At("to");
            foreach (var (place, weight) in share.To)
            {
                report.ErrorIf(weight is < 1 or > 100, to.At(place), "locality weight must be in range [1, 100]");
            }

            var total = share.To.Values.Sum(weight => (long)weight);
            report.ErrorIf(total != 100, to, $"total locality weight {total} != 100");
        }

        foreach (var (i, failover) in locality.Failover.Index())
        {
            if (failover.From == failover.To)
            {
                report.Error(path.At("failover").At(i), "locality lb failover settings must specify different regions");
            }
        }
    }

    private static void CheckHash(ConsistentHash hash, FieldPath path, RuleReport report)
    {
        var given = (hash.HttpHeaderName.Length > 0 ? 1 : 0) + (hash.HttpCookie is null ? 0 : 1)
            + (hash.UseSourceIp ? 1 : 0) + (hash.HttpQueryParameterName.Length > 0 ? 1 : 0);
        report.ErrorIf(
            given > 1, path, "only one of httpHeaderName, httpCookie, useSourceIp and httpQueryParameterName may be set");
        if (hash.HttpCookie is { } cookie)
        {
            var at = path.At("httpCookie");
            report.ErrorIf(cookie.Name.Length == 0, at.At("name"), "name required for HttpCookie");
            report.ErrorIf(cookie.Ttl < TimeSpan.Zero, at.At("ttl"), "ttl must not be negative");
        }

        if (hash.MaglevTableSize is not { } size) return;
        var table = path.At("maglev").At("tableSize");
        if (size == 0) report.Error(table, "tableSize must be set for maglev");
        else if (size >= ConsistentHash.MaxMaglevTable)
        {
            report.Error(table, $"tableSize must be less than {ConsistentHash.MaxMaglevTable} for maglev");
        }
        else if (!ConsistentHash.IsTableSize(size))
        {
            report.Error(table, "tableSize must be a prime number for maglev");
        }
    }

    private static void CheckWarmup(LoadBalancer balancer, FieldPath path, RuleReport report)
    {
        if (balancer.Warmup is not { } warmup) return;
        report.ErrorIf(warmup.Duration is null, path.At("duration"), "duration is required");
        ValueRules.CheckDuration(warmup.Duration, path.At("duration"), report);
        if (warmup.MinimumPercent is < 0 or > 100)
        {
            report.Error(
                path.At("minimumPercent"),
                "minimumPercent must be non-negative and less than or equal to 100");
        }

        report.ErrorIf(warmup.Aggression <= 0, path.At("aggression"), "aggression should be greater than 0");
        if (balancer.ConsistentHash is not null
            || balancer.Simple is SimpleLoadBalancer.Random or SimpleLoadBalancer.Passthrough)
        {
            report.Error(path, "warmup is supported for ROUND_ROBIN and LEAST_REQUEST only");
        }
    }
}
