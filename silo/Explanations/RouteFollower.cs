using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Silo.Explanations;

/// <summary>What follows from a route, in the data plane's order: fault, cross-origin rules, action.</summary>
internal sealed class RouteFollower(ClusterExplainer clusters)
{
    /// <param name="forwarding">The request and its route.</param>
    /// <param name="share">How likely it is that the route is asked at all, from 0 to 1.</param>
    public (ImmutableArray<ClusterView> Clusters, List<Outcome> Outcomes) Follow(Forwarding forwarding, double share)
    {
        var (route, view, who) = (forwarding.Route, forwarding.View, forwarding.Sender.Name);
        var outcomes = new List<Outcome>();
        var rest = share;
        if (route.Fault is { } fault && fault.Draw(in view, EveryDrawHits.Instance) is { Aborts: true } abort)
        {
            var aborted = rest * fault.AbortShare.PerMillion / 1_000_000.0;
            outcomes.Add(new Outcome(
                aborted,
                abort.HttpStatus ?? 200,
                OutcomeKind.FaultInjected,
                $"a fault aborts {fault.AbortShare} of such requests",
                abort.GrpcStatus));
            rest -= aborted;
            if (rest <= 0) return ([], outcomes);
        }

        if (route.Cors is { } cors
            && cors.Judge(in view, EveryDrawHits.Instance, out _)
                is CorsOutcome.Preflight or CorsOutcome.RefusedPreflight)
        {
            var answered = rest * cors.Share.PerMillion / 1_000_000.0;
            outcomes.Add(new Outcome(answered, 200, OutcomeKind.Answered, $"{who} answers the preflight"));
            rest -= answered;
            if (rest <= 0) return ([], outcomes);
        }

        switch (route.Action)
        {
            case RouteAction.Redirect redirect:
                var place = redirect.Location(in view, route.Match.Path);
                outcomes.Add(new Outcome(rest, redirect.Status, OutcomeKind.Redirected, $"is sent to {place}"));
                return ([], outcomes);
            case RouteAction.DirectResponse direct:
                outcomes.Add(new Outcome(rest, direct.Status, OutcomeKind.Answered, WhyAnswered(forwarding, direct)));
                return ([], outcomes);
            default:
                var forward = (RouteAction.Forward)route.Action;
                var (views, possible) = Split(
                    forward.Clusters,
                    rest,
                    (choice, percent, part) => clusters.Explain(forwarding, forward, choice, percent, part));
                outcomes.AddRange(possible);
                return (views, outcomes);
        }
    }

    /// <summary>What becomes of bytes that are carried to clusters.</summary>
    /// <param name="sender">The proxy that carries them.</param>
    /// <param name="traffic">What they are.</param>
    /// <param name="called">The host or address that was called.</param>
    /// <param name="choice">The clusters.</param>
    /// <param name="share">How likely it is that they come that far, from 0 to 1.</param>
    public (ImmutableArray<ClusterView> Clusters, List<Outcome> Outcomes) Carry(
        Sender sender, Traffic traffic, string called, WeightedChoice choice, double share) => Split(
        choice, share, (cluster, percent, part) => clusters.Carry(sender, traffic, called, cluster, percent, part));

    private static (ImmutableArray<ClusterView> Clusters, List<Outcome> Outcomes) Split(
        WeightedChoice choice,
        double rest,
        Func<WeightedClusterModel, double, double, (ClusterView View, IEnumerable<Outcome> Outcomes)> explain)
    {
        var choices = choice.Clusters;
        var whole = choices.Length == 1 ? 1 : choices.Sum(c => c.Weight);
        var views = ImmutableArray.CreateBuilder<ClusterView>();
        var outcomes = new List<Outcome>();
        foreach (var one in choices)
        {
            var part = choices.Length == 1 ? 1 : (double)one.Weight / whole;
            if (part <= 0) continue;
            var (view, possible) = explain(one, Math.Round(part * 100, 4), rest * part);
            views.Add(view);
            outcomes.AddRange(possible);
        }

        return (views.ToImmutable(), outcomes);
    }

    private static string WhyAnswered(Forwarding forwarding, RouteAction.DirectResponse direct) =>
        RouteExplainer.HostOf(forwarding.Host) is null && direct.Status == 502
            ? $"nothing of the mesh is called {forwarding.View.Call.Host}, and unknown hosts are refused "
                + "(REGISTRY_ONLY)"
            : $"{forwarding.Sender.Name} answers {direct.Status} by itself";
}
