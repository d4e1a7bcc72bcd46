using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>One endpoint of a plan: what is configured and what is known.</summary>
internal readonly record struct EndpointSlot(EndpointModel Model, EndpointState State, string UriPrefix)
{
    public static EndpointSlot Of(EndpointModel model, EndpointState state) => new(
        model,
        state,
        model.Address.Contains(':')
            ? $"http://[{model.Address}]:{model.Port}"
            : $"http://{model.Address}:{model.Port}");
}

/// <summary>A cluster of one model, joined with the states of its endpoints.</summary>
internal sealed class ClusterPlan
{
    private EndpointSelection? _selection;

    public ClusterPlan(
        ClusterModel model,
        ClusterState state,
        EndpointSlot[] slots,
        UpstreamSettings? former,
        EndpointState? originalDestination)
    {
        (Model, State, Slots, OriginalDestination) = (model, state, slots, originalDestination);
        var settings = UpstreamSettings.Of(model);
        Settings = settings.Equals(former) ? former : settings;
        Groups = Grouped(model.Lanes.IsEmpty ? slots : slots.Where(s => s.Model.Lanes.IsEmpty));
        Tables = EndpointSelection.Tables(this);
        Lanes = [.. model.Lanes.Lanes.Select(lane => new LanePlan(lane, Of(lane)))];
    }

    // The part of a cluster that serves one lane.
    private ClusterPlan(ClusterPlan whole, EndpointSlot[] slots, ClusterModel model)
    {
        (Model, State, Slots, Settings, Lanes) = (model, whole.State, slots, whole.Settings, []);
        Groups = Grouped(slots);
        Tables = EndpointSelection.Tables(this);
    }

    public ClusterModel Model { get; }

    public ClusterState State { get; }

    public EndpointSlot[] Slots { get; }

    /// <summary>
    /// The endpoints that serve requests outside of all lanes, by priority, the first to be asked first.
    /// </summary>
    public EndpointSlot[][] Groups { get; }

    /// <summary>The endpoints that serve lanes.</summary>
    public LanePlan[] Lanes { get; }

    /// <summary>Where keys belong, by priority; null when the cluster does not choose by hash.</summary>
    public HashTable?[]? Tables { get; }

    /// <summary>Stands for every address of a cluster whose callers name their destination.</summary>
    public EndpointState? OriginalDestination { get; }

    /// <summary>What connections depend on. The same instance as long as nothing of it changes.</summary>
    public UpstreamSettings Settings { get; }

    /// <summary>Who may be chosen at present.</summary>
    public EndpointSelection Selection
    {
        get
        {
            var generation = State.HealthGeneration;
            var selection = Volatile.Read(ref _selection);
            if (selection is not null && selection.Generation == generation) return selection;
            selection = EndpointSelection.Build(this, generation);
            Volatile.Write(ref _selection, selection);
            return selection;
        }
    }

    /// <summary>Chooses an endpoint; null when there is none.</summary>
    /// <param name="lane">The lane that the request is in; null for none.</param>
    /// <param name="random">What chance decides.</param>
    /// <param name="hash">The request's key; null for none.</param>
    public EndpointSlot? Pick(LanePlan? lane, IRandomSource random, ulong? hash = null) =>
        lane?.Members.Selection.Pick(lane.Members, random, hash) is { } own ? own
        : lane is { Refuses: true } ? null
        : Selection.Pick(this, random, hash);

    /// <summary>The plan of one of the lanes of its model; null for none.</summary>
    public LanePlan? FindLane(LaneModel? lane)
    {
        foreach (var plan in Lanes)
        {
            if (ReferenceEquals(plan.Lane, lane)) return plan;
        }

        return null;
    }

    // Whoever would be used in a panic is not there: then others serve the lane.
    private ClusterPlan Of(LaneModel lane) => new(
        this,
        Array.FindAll(Slots, s => s.Model.Lanes.Contains(lane.Name)),
        lane.Refuses ? Model : Model with { PanicThresholdPercent = 0 });

    private static EndpointSlot[][] Grouped(IEnumerable<EndpointSlot> slots) =>
        [.. slots.GroupBy(s => s.Model.Priority).OrderBy(g => g.Key).Select(g => g.ToArray())];
}
