using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>Decides in which lane a request is that goes to a cluster, and marks one that enters.</summary>
/// <remarks>
/// Behind the header changes of the route: what they take out is no mark any more, and what they set is one. From here on
/// the application hands the mark on, as it does with all baggage.
/// </remarks>
internal static class LaneGate
{
    public static void Enter(RequestExchange exchange, IRandomSource random)
    {
        var cluster = exchange.Cluster!;
        var view = new HttpRequestView(exchange);
        var decision = cluster.Model.Lanes.Find(in view, random);
        exchange.Lane = cluster.FindLane(decision.Lane);
        if (decision is not { Cause: LaneCause.Entered, Lane: { } lane }) return;
        var headers = exchange.Context.Request.Headers;
        headers[Baggage.Header] = Baggage.With(headers[Baggage.Header].ToArray(), LaneSet.Key, lane.Name);
    }

    /// <summary>The lane of a copy that goes to another cluster; null for none.</summary>
    public static LanePlan? Find(RequestExchange exchange, ClusterPlan plan, IRandomSource random)
    {
        if (plan.Model.Lanes.IsEmpty) return null;
        var view = new HttpRequestView(exchange);
        return plan.FindLane(plan.Model.Lanes.Find(in view, random).Lane);
    }
}
