using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>In which lane a request is at a cluster, by the evaluator of the sidecars, and who serves it therefore.</summary>
internal sealed class LaneExplainer
{
    private readonly LaneDecision _decision;

    private LaneExplainer(ClusterModel cluster, LaneDecision decision)
    {
        _decision = decision;
        var rest = InService(BaseOf(cluster));
        if (decision.Lane is not { } lane)
        {
            Takes = rest;
            if (cluster.Lanes.IsEmpty) return;
            var nobody = rest.IsEmpty && !InService(cluster.Endpoints).IsEmpty;
            View = new LaneView(
                null,
                decision.Cause,
                rest.IsEmpty ? LaneServer.Nobody : LaneServer.Base,
                $"is in no lane: {Why(decision)}{(nobody ? ", and all members are of lanes" : "")}");
            if (nobody) Refusal = View.Reason;
            return;
        }

        var own = InService([.. cluster.Endpoints.Where(e => e.Lanes.Contains(lane.Name))]);
        var (server, consequence) = !own.IsEmpty ? (LaneServer.Lane, "")
            : lane.Refuses ? (LaneServer.Nobody, ", which has no member here that can be used and refuses")
            : rest.IsEmpty
            ? (LaneServer.Nobody, ", which has no member here that can be used, nor has anybody outside of lanes")
            : (LaneServer.Base, ", which has no member here that can be used: falls back to base");
        Takes = server switch { LaneServer.Lane => own, LaneServer.Base => rest, _ => [] };
        View = new LaneView(lane.Name, decision.Cause, server, $"is in lane {lane.Name}{consequence}: {Why(decision)}");
        if (server is LaneServer.Nobody) Refusal = View.Reason;
    }

    /// <summary>The members that may be chosen.</summary>
    public ImmutableArray<EndpointModel> Takes { get; }

    /// <summary>As it is told; null where no lane covers the cluster.</summary>
    public LaneView? View { get; }

    /// <summary>Why nobody serves it, where lanes are the reason; else null.</summary>
    public string? Refusal { get; }

    /// <summary>Decides for one request.</summary>
    /// <param name="cluster">Where it goes.</param>
    /// <param name="view">The request with the header changes of its route.</param>
    public static LaneExplainer Decide(ClusterModel cluster, RequestView view) =>
        new(cluster, cluster.Lanes.Find(in view, EveryDrawHits.Instance));

    /// <summary>The members that serve what is in no lane.</summary>
    public static ImmutableArray<EndpointModel> BaseOf(ClusterModel cluster) => cluster.Lanes.IsEmpty
        ? cluster.Endpoints
        : [.. cluster.Endpoints.Where(e => e.Lanes.IsEmpty)];

    /// <summary>Those of the first priority that has anybody; degraded ones only where nobody is healthy.</summary>
    public static ImmutableArray<EndpointModel> InService(ImmutableArray<EndpointModel> endpoints)
    {
        foreach (var level in endpoints.GroupBy(e => e.Priority).OrderBy(g => g.Key))
        {
            foreach (var health in new[] { EndpointHealth.Healthy, EndpointHealth.Degraded })
            {
                if (level.Any(e => e.Health == health)) return [.. level.Where(e => e.Health == health)];
            }
        }

        return [];
    }

    /// <summary>The headers as they go on: with the mark of the lane, where it has entered.</summary>
    public ImmutableDictionary<string, StringValues> Mark(ImmutableDictionary<string, StringValues> headers)
    {
        if (_decision is not { Cause: LaneCause.Entered, Lane: { } lane }) return headers;
        var lines = headers.GetValueOrDefault(Baggage.Header).ToArray();
        return headers.SetItem(Baggage.Header, Baggage.With(lines, LaneSet.Key, lane.Name));
    }

    private static string Why(LaneDecision decision) => decision.Cause switch
    {
        LaneCause.Marked => $"its baggage says {LaneSet.Key}={decision.Lane!.Name}",
        LaneCause.Entered => $"it has no mark and meets match[{decision.Entry}]; it is marked from here on",
        LaneCause.MarkedOtherwise => $"its baggage has another {LaneSet.Key} than the lanes that cover the service",
        _ => $"its baggage has no {LaneSet.Key}, and it meets no match",
    };
}
