using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;

namespace MeshOrleans.Proxy.Dataplane.Health;

/// <summary>The checks of one cluster, one for each endpoint. Called by one thread at a time.</summary>
internal sealed class ClusterChecker(CheckTools tools, string name)
{
    private readonly CheckSeries _series = tools.Metrics.Of(name);
    private Dictionary<EndpointState, EndpointChecker> _checkers = [];
    private HealthCheckModel? _rules;

    /// <summary>
    /// Checks the endpoints of a new plan. What is known about those that stay is kept, also under new rules.
    /// </summary>
    /// <param name="plan">The cluster.</param>
    /// <param name="rules">How it is checked.</param>
    /// <param name="ending">Takes what comes to its end.</param>
    public void Follow(ClusterPlan plan, HealthCheckModel rules, List<Task> ending)
    {
        var isAnew = !rules.Equals(_rules);
        var next = new Dictionary<EndpointState, EndpointChecker>(plan.Slots.Length);
        foreach (var slot in plan.Slots)
        {
            if (next.ContainsKey(slot.State)) continue;
            var target = new CheckTarget(plan, slot);
            if (_checkers.Remove(slot.State, out var running))
            {
                if (!isAnew)
                {
                    running.Target = target;
                    next.Add(slot.State, running);
                    continue;
                }

                ending.Add(running.EndAsync(keepsHealth: true));
            }

            next.Add(slot.State, new EndpointChecker(tools, _series, rules, target));
        }

        End(ending);
        (_checkers, _rules) = (next, rules);
    }

    /// <summary>Ends the checks that are left.</summary>
    public void End(List<Task> ending)
    {
        foreach (var checker in _checkers.Values) ending.Add(checker.DisposeAsync().AsTask());
        _checkers = [];
    }
}
