using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Where a request has been sent already, and how its next try keeps away from there.</summary>
/// <remarks>
/// Sources: Envoy, PreviousHostsRetryPredicate and PreviousPrioritiesRetryPriority. Both are wishes: where nothing else
/// can take the request, it goes to who has failed.
/// </remarks>
internal sealed class TriedEndpoints(RetryPolicyModel policy)
{
    private readonly List<EndpointState> _endpoints = [];
    private readonly List<int> _priorities = [];
    private readonly List<EndpointState> _unreachable = [];
    private int _priorityCount; // those of so many tries are left out

    public bool IsEmpty => _endpoints.Count == 0;

    /// <summary>Remembers a try.</summary>
    /// <param name="slot">Where it went.</param>
    /// <param name="isUnreachable">It did not even get there.</param>
    public void Add(EndpointSlot slot, bool isUnreachable = false)
    {
        _endpoints.Add(slot.State);
        if (isUnreachable) _unreachable.Add(slot.State);
        _priorities.Add(slot.Model.Priority);
        var after = policy.OtherPrioritiesAfter;
        if (after > 0 && _priorities.Count % after == 0) _priorityCount = _priorities.Count;
    }

    public EndpointSlot? Choose(ClusterPlan plan, IRandomSource random, ulong? hash)
    {
        var slot = Pick(plan, random, hash);
        if (!policy.AvoidPreviousHosts) return slot;
        for (var i = 0; i < policy.HostSelectionAttempts && slot is { } again && _endpoints.Contains(again.State); i++)
        {
            slot = Pick(plan, random, hash);
        }

        return slot;
    }

    /// <summary>
    /// Chooses one of a lane; null when others are to serve the request, as none of the lane can be reached. One that has
    /// answered, however badly, is there.
    /// </summary>
    public EndpointSlot? ChooseOf(LanePlan lane, IRandomSource random, ulong? hash)
    {
        var slot = Choose(lane.Members, random, hash);
        return slot is null || lane.Refuses || !_unreachable.Contains(slot.Value.State)
            ? slot
            : lane.FindOther(_unreachable);
    }

    private EndpointSlot? Pick(ClusterPlan plan, IRandomSource random, ulong? hash) => _priorityCount == 0
        ? plan.Selection.Pick(plan, random, hash)
        : plan.Selection.PickBeyond(_priorities[.._priorityCount], plan, random, hash);
}
