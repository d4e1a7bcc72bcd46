using MeshOrleans.Model.Config;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of how an endpoint is chosen.</summary>
internal static class LoadBalancerRules
{
    private static readonly string[] TopologyLabels =
        ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];
    private const long MaxRing = 8 * 1024 * 1024; // Envoy's bound; it refuses the cluster beyond

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

        CheckPlaces(locality, path.At("distribute"), report);
        foreach (var (i, label) in locality.FailoverPriority.Index())
        {
            if (locality.Failover.IsEmpty || !TopologyLabels.Contains(label.Split('=')[0])) continue;
            report.Error(
                path.At("failoverPriority").At(i),
                $"can not simultaneously set 'failover' and topology label '{label}' in 'failoverPriority'");
        }

        foreach (var (i, failover) in locality.Failover.Index())
        {
            if (failover.From == failover.To)
            {
                report.Error(path.At("failover").At(i), "locality lb failover settings must specify different regions");
            }
        }
    }

    // A place that two entries mean would have two shares, and which holds would be chance.
    private static void CheckPlaces(LocalityLoadBalancer locality, FieldPath path, RuleReport report)
    {
        var origins = new List<string>();
        foreach (var (i, share) in locality.Distribute.Index())
        {
            CheckPlace(share.From, origins, path.At(i).At("from"), report);
            var targets = new List<string>();
            foreach (var place in share.To.Keys) CheckPlace(place, targets, path.At(i).At("to").At(place), report);
        }
    }

    private static void CheckPlace(string place, List<string> before, FieldPath path, RuleReport report)
    {
        if (place.Split('/').Contains("")) report.Error(path, $"region, zone and subzone must not be empty in {place}");
        else if (place.TrimEnd('*').Contains('*') || place.EndsWith("**", StringComparison.Ordinal))
        {
            report.Error(path, $"locality {place} wildcard '*' number can not exceed 1 and must be in the end");
        }
        else if (before.Exists(other => Overlap(place, other)))
        {
            report.Error(path, $"locality {place} overlap with previous specified ones");
        }

        before.Add(place);
    }

    private static bool Overlap(string one, string other)
    {
        var (a, b) = (one.Split('/', 3), other.Split('/', 3));
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            if (a[i] == "*" || b[i] == "*") return true;
            if (a[i] != b[i]) return false;
        }

        return true; // what is left out stands for all
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
            CheckCookieText(cookie, at, report);
        }

        if (hash.MinimumRingSize is < 0 or > MaxRing)
        {
            report.Error(path.At("minimumRingSize"), $"minimumRingSize must be at most {MaxRing}");
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

    // It becomes part of a header that the proxy writes.
    private static void CheckCookieText(HttpCookie cookie, FieldPath at, RuleReport report)
    {
        if (cookie.Name.Length > 0 && !CookieText.IsName(cookie.Name))
        {
            report.Error(at.At("name"), $"\"{cookie.Name}\" is not a cookie's name");
        }

        report.ErrorIf(!CookieText.IsValue(cookie.Path), at.At("path"), $"\"{cookie.Path}\" is not a cookie's path");
        foreach (var (i, (name, value)) in cookie.Attributes.Index())
        {
            if (CookieText.IsName(name) && CookieText.IsValue(value)) continue;
            report.Error(at.At("attributes").At(i), "must be a token and a value without semicolon");
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
