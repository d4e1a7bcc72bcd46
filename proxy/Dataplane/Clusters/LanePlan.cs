using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>The endpoints of a cluster that serve one lane.</summary>
/// <param name="lane">The lane.</param>
/// <param name="members">The endpoints; load, limits and what is known of them are the cluster's.</param>
internal sealed class LanePlan(LaneModel lane, ClusterPlan members)
{
    public LaneModel Lane => lane;

    public ClusterPlan Members => members;

    /// <summary>Whether nobody else serves its requests.</summary>
    public bool Refuses => lane.Refuses;

    /// <summary>Any that can be used and is none of these; null when there is none.</summary>
    public EndpointSlot? FindOther(List<EndpointState> tried)
    {
        foreach (var slot in members.Slots)
        {
            if (slot.Model.Health is EndpointHealth.Healthy && !slot.State.IsOut && !tried.Contains(slot.State)) return slot;
        }

        return null;
    }
}
