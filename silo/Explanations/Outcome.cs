using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;

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
/// <param name="GrpcStatus">The gRPC status of a proxy's answer to a gRPC caller; null for every other.</param>
internal sealed record Outcome(double Share, int? Status, OutcomeKind Kind, string Reason, int? GrpcStatus = null)
{
    /// <summary>Whether whoever was called gets the request.</summary>
    public bool Reaches => Kind is OutcomeKind.Forwarded or OutcomeKind.LeavesMesh;

    /// <summary>The same for a gRPC caller, who gets what proxies answer by themselves as gRPC statuses.</summary>
    public Outcome ToGrpc() => Reaches || Status is not { } status
        ? this
        : this with { Status = 200, GrpcStatus = GrpcStatus ?? GrpcRequest.StatusOf(status) };

    /// <summary>Sums up everything that may happen.</summary>
    /// <param name="outcomes">At least one; the shares sum up to 1.</param>
    public static VerdictView Sum(IEnumerable<Outcome> outcomes)
    {
        ImmutableArray<OutcomeView> views =
        [
            .. outcomes.GroupBy(o => (o.Status, o.GrpcStatus, o.Kind, o.Reason))
                .Select(g => new OutcomeView(
                    Math.Round(g.Sum(o => o.Share) * 100, 4),
                    g.Key.Status,
                    g.Key.GrpcStatus,
                    g.Key.Kind,
                    g.First().Reaches,
                    g.Key.Reason))
                .OrderByDescending(o => o.Percent),
        ];
        var likeliest = views[0];
        return new VerdictView(
            likeliest.Status,
            likeliest.GrpcStatus,
            likeliest.Outcome,
            likeliest.ReachesApplication,
            views.All(o => (o.Status, o.GrpcStatus, o.Outcome)
                == (likeliest.Status, likeliest.GrpcStatus, likeliest.Outcome)),
            likeliest.Reason,
            views);
    }
}
