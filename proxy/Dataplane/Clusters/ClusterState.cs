using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>What the proxy knows about one cluster by name: its load and its endpoints. Outlives model swaps.</summary>
internal sealed class ClusterState : IDisposable
{
    private const int WarmingSteps = 100;
    private static readonly TimeSpan ShortestStep = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _clock;
    private Dictionary<(string Address, int Port), EndpointState> _endpoints = [];
    private ClusterPlan? _plan;
    private ITimer? _sweep;
    private ITimer? _warming;
    private TimeSpan _warmingStep;
    private bool _isWarm;
    private TimeSpan _sweepInterval;
    private int _healthGeneration;
    private uint _turn;

    public ClusterState(string name, TimeProvider clock)
    {
        (Name, _clock) = (name, clock);
        Outliers = new OutlierDetector(this, clock);
    }

    public string Name { get; }

    public OutlierDetector Outliers { get; }

    public CircuitBreaker Breaker { get; } = new();

    public ConnectionCount Connections { get; } = new();

    /// <summary>Rises when an endpoint is taken out or back.</summary>
    public int HealthGeneration => Volatile.Read(ref _healthGeneration);

    public void HealthChanged() => Interlocked.Increment(ref _healthGeneration);

    public TimeSpan AgeOf(EndpointState endpoint) => _clock.GetElapsedTime(endpoint.Since);

    public uint NextTurn() => Interlocked.Increment(ref _turn);

    /// <summary>Makes the plan for a new model; what is known about endpoints that stay is kept.</summary>
    /// <remarks>Called by one thread at a time.</remarks>
    public ClusterPlan Plan(ClusterModel model)
    {
        if (_plan is not null && ReferenceEquals(_plan.Model, model)) return _plan;
        var next = new Dictionary<(string, int), EndpointState>(model.Endpoints.Length);
        var slots = new EndpointSlot[model.Endpoints.Length];
        for (var i = 0; i < slots.Length; i++)
        {
            var endpoint = model.Endpoints[i];
            var key = (endpoint.Address, endpoint.Port);
            var state = _endpoints.GetValueOrDefault(key) ?? next.GetValueOrDefault(key)
                ?? new EndpointState(_clock.GetTimestamp());
            next[key] = state;
            slots[i] = EndpointSlot.Of(endpoint, state);
        }

        if (model.Kind is ClusterKind.OriginalDestination)
        {
            next[("", 0)] = _endpoints.GetValueOrDefault(("", 0))
                ?? new EndpointState(_clock.GetTimestamp());
        }

        foreach (var (key, state) in _endpoints)
        {
            if (!next.ContainsKey(key)) state.Retire();
        }

        _endpoints = next;
        Breaker.Configure(model);
        _plan = new ClusterPlan(model, this, slots, _plan?.Settings, next.GetValueOrDefault(("", 0)));
        ScheduleSweep(model.Outlier);
        ScheduleWarming(model.Warmup);
        return _plan;
    }

    public void RetireMeshConnections()
    {
        foreach (var endpoint in _endpoints.Values) endpoint.RetireConnections(meshOnly: true);
    }

    public void Dispose()
    {
        _sweep?.Dispose();
        _warming?.Dispose();
        foreach (var endpoint in _endpoints.Values) endpoint.Retire();
    }

    private void ScheduleSweep(OutlierModel? rules)
    {
        // Without rules one last sweep takes back whatever the former rules have ejected.
        var interval = rules?.Interval ?? TimeSpan.Zero;
        if (interval == _sweepInterval && _sweep is not null) return;
        _sweepInterval = interval;
        _sweep?.Dispose();
        _sweep = null;
        if (rules is null) Outliers.Sweep(_plan!);
        else _sweep = _clock.CreateTimer(static s => ((ClusterState)s!).Sweep(), this, interval, interval);
    }

    private void ScheduleWarming(WarmupModel? rules)
    {
        var step = rules is null ? TimeSpan.Zero : rules.Duration / WarmingSteps;
        step = step > TimeSpan.Zero && step < ShortestStep ? ShortestStep : step;
        if (step == _warmingStep) return;
        _warmingStep = step;
        _warming?.Dispose();
        _warming = step == TimeSpan.Zero
            ? null
            : _clock.CreateTimer(static s => ((ClusterState)s!).Warm(), this, step, step);
    }

    // The weights of new endpoints have risen, or have just become whole.
    private void Warm()
    {
        if (_plan is not { Model.Warmup: { } rules } plan) return;
        var isWarm = Array.TrueForAll(plan.Slots, s => AgeOf(s.State) >= rules.Duration);
        if (!isWarm || !_isWarm) HealthChanged();
        _isWarm = isWarm;
    }

    private void Sweep()
    {
        if (_plan is { } plan) Outliers.Sweep(plan);
    }
}
