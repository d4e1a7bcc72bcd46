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
        Groups = [.. slots.GroupBy(s => s.Model.Priority).OrderBy(g => g.Key).Select(g => g.ToArray())];
        Tables = EndpointSelection.Tables(this);
    }

    public ClusterModel Model { get; }

    public ClusterState State { get; }

    public EndpointSlot[] Slots { get; }

    /// <summary>The same endpoints by priority, the first to be asked first.</summary>
    public EndpointSlot[][] Groups { get; }

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
}
