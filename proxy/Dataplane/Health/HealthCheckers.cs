namespace MeshOrleans.Proxy.Dataplane.Health;

/// <summary>Checks the endpoints of all clusters of the model in force that want it, and follows the model.</summary>
internal sealed class HealthCheckers : IAsyncDisposable
{
    private readonly Lock _following = new();
    private readonly CheckTools _tools;
    private readonly List<Task> _ending = [];
    private Dictionary<string, ClusterChecker> _clusters = new(StringComparer.Ordinal);
    private bool _ended;

    public HealthCheckers(CheckTools tools)
    {
        _tools = tools;
        tools.State.Applied += Follow;
        Follow();
    }

    /// <summary>Ends all checks, and waits for them. What they have found counts no more.</summary>
    public async ValueTask DisposeAsync()
    {
        _tools.State.Applied -= Follow;
        Task[] ending;
        lock (_following)
        {
            _ended = true;
            foreach (var checker in _clusters.Values) checker.End(_ending);
            _clusters = new(StringComparer.Ordinal);
            ending = [.. _ending];
        }

        await Task.WhenAll(ending).ConfigureAwait(false);
    }

    private void Follow()
    {
        lock (_following)
        {
            if (_ended) return;
            _ending.RemoveAll(task => task.IsCompleted);
            var next = new Dictionary<string, ClusterChecker>(StringComparer.Ordinal);
            foreach (var (name, plan) in _tools.State.Current.Clusters)
            {
                if (plan.Model.HealthCheck is not { } rules) continue;
                var checker = _clusters.GetValueOrDefault(name) ?? new ClusterChecker(_tools, name);
                checker.Follow(plan, rules, _ending);
                next.Add(name, checker);
            }

            foreach (var (name, checker) in _clusters)
            {
                if (next.ContainsKey(name)) continue;
                checker.End(_ending);
                _tools.Metrics.Remove(name);
            }

            _clusters = next;
        }
    }
}
