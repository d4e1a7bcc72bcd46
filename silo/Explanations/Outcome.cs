using System.Collections.Immutable;

namespace MeshOrleans.Silo.Explanations;

/// <summary>What can become of a request.</summary>
internal enum OutcomeKind
{
    /// <summary>The application gets it.</summary>
    Forwarded,

    /// <summary>It goes to an address outside of the mesh, or to a mesh whose policies are not known here.</summary>
    LeavesMesh,

    /// <summary>A policy refuses it: 403.</summary>
    Denied,

    /// <summary>No route takes it: 404, flag NR.</summary>
    NoRoute,

    /// <summary>Its route leads to a cluster that does not exist: flag NC.</summary>
    NoCluster,

    /// <summary>Nobody is there who may be chosen: 503, flag UH.</summary>
    NoHealthyUpstream,

    /// <summary>The connection to the member fails: 503.</summary>
    UpstreamFailed,

    /// <summary>The client's own connection is closed.</summary>
    Closed,

    /// <summary>The client is sent elsewhere.</summary>
    Redirected,

    /// <summary>The sidecar answers by itself.</summary>
    Answered,

    /// <summary>It is failed on purpose.</summary>
    FaultInjected,

    /// <summary>The sidecar cannot read it: 400.</summary>
    BadRequest,
}

/// <summary>One thing that may become of a request.</summary>
/// <param name="Share">How likely it is, from 0 to 1.</param>
/// <param name="Status">What the client sees; null when its connection is closed.</param>
/// <param name="Kind">What happens.</param>
/// <param name="Reason">Why, as a sentence.</param>
internal sealed record Outcome(double Share, int? Status, OutcomeKind Kind, string Reason)
{
    /// <summary>Whether whoever was called gets the request.</summary>
    public bool Reaches => Kind is OutcomeKind.Forwarded or OutcomeKind.LeavesMesh;

    /// <summary>Sums up everything that may happen.</summary>
    /// <param name="outcomes">At least one; the shares sum up to 1.</param>
    public static VerdictView Sum(IEnumerable<Outcome> outcomes)
    {
        ImmutableArray<OutcomeView> views =
        [
            .. outcomes.GroupBy(o => (o.Status, o.Kind, o.Reason))
                .Select(g => new OutcomeView(
                    Math.Round(g.Sum(o => o.Share) * 100, 4), g.Key.Status, g.Key.Kind, g.First().Reaches, g.Key.Reason))
                .OrderByDescending(o => o.Percent),
        ];
        var likeliest = views[0];
        return new VerdictView(
            likeliest.Status,
            likeliest.Outcome,
            likeliest.ReachesApplication,
            views.All(o => o.Status == likeliest.Status && o.Outcome == likeliest.Outcome),
            likeliest.Reason,
            views);
    }
}
