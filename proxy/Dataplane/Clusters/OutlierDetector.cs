using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>How a try ended, as outlier detection counts it.</summary>
internal enum TryOutcome
{
    /// <summary>A response; its status decides.</summary>
    Response,

    /// <summary>No response: connect failure, reset or timeout.</summary>
    LocalOrigin,
}

/// <summary>Ejects endpoints that fail in a row, and takes them back.</summary>
/// <remarks>
/// Source: Envoy's outlier detection. Consecutive failures act at once, the interval only takes back. An ejection is
/// refused when (ejected + 1) / endpoints would exceed the share (envoy#27909), so 10 % of 3 endpoints ejects nothing.
/// </remarks>
internal sealed class OutlierDetector(ClusterState cluster, TimeProvider clock)
{
    private const int LocalOriginStatus = 503; // what a failure without a response counts as, unless split

    private readonly Lock _ejecting = new();

    /// <summary>Counts one try.</summary>
    public void Report(ClusterPlan plan, EndpointState endpoint, TryOutcome outcome, int status)
    {
        var rules = plan.Model.Outlier;
        if (rules is null) return;
        var record = endpoint.Outlier;
        if (outcome is TryOutcome.LocalOrigin)
        {
            if (rules.SplitLocalOrigin)
            {
                Count(ref record.ConsecutiveLocal, rules.ConsecutiveLocalOriginFailures, plan, record, rules);
                return;
            }

            status = LocalOriginStatus;
        }
        else
        {
            record.ConsecutiveLocal = 0;
        }

        // which statuses are errors is asked of answers only: a configured list does not make it good that none came
        var isError = outcome is TryOutcome.LocalOrigin || rules.IsError(status);
        if (status is 502 or 503 or 504 && isError)
        {
            Count(ref record.ConsecutiveGateway, rules.ConsecutiveGatewayErrors, plan, record, rules);
        }
        else record.ConsecutiveGateway = 0;
        if (isError) Count(ref record.Consecutive5xx, rules.Consecutive5xx, plan, record, rules);
        else record.Consecutive5xx = 0;
    }

    /// <summary>Takes back what has been out long enough, and forgets old sins of the others.</summary>
    public void Sweep(ClusterPlan plan)
    {
        var rules = plan.Model.Outlier ?? new OutlierModel { BaseEjectionTime = TimeSpan.Zero };
        var changed = false;
        foreach (var slot in plan.Slots)
        {
            var record = slot.State.Outlier;
            if (!record.IsEjected)
            {
                record.Forgive();
            }
            else if (clock.GetElapsedTime(record.EjectedAt) >= EjectionTime(rules, record.Ejections))
            {
                record.Readmit();
                changed = true;
            }
        }

        if (changed) cluster.HealthChanged();
    }

    private static TimeSpan EjectionTime(OutlierModel rules, int ejections)
    {
        var longest = rules.MaxEjectionTime > rules.BaseEjectionTime ? rules.MaxEjectionTime : rules.BaseEjectionTime;
        var time = rules.BaseEjectionTime * ejections;
        return time < longest ? time : longest;
    }

    private void Count(ref int counter, int threshold, ClusterPlan plan, OutlierRecord record, OutlierModel rules)
    {
        if (Interlocked.Increment(ref counter) < threshold || threshold <= 0) return;
        counter = 0;
        lock (_ejecting) // two at once must not be one more than may be out
        {
            if (!MayEject(plan, rules) || !record.TryEject(clock.GetTimestamp())) return;
        }

        cluster.HealthChanged();
    }

    private static bool MayEject(ClusterPlan plan, OutlierModel rules)
    {
        var ejected = 0;
        foreach (var slot in plan.Slots)
        {
            if (slot.State.Outlier.IsEjected) ejected++;
        }

        if (rules.AlwaysEjectOneHost && ejected == 0) return true;
        return 100.0 * (ejected + 1) / plan.Slots.Length <= Math.Min(100, rules.MaxEjectionPercent);
    }
}
