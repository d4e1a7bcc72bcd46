using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>When a route applies. Everything named must hold.</summary>
public sealed record RouteMatchModel
{
    /// <summary>Takes every request.</summary>
    public static RouteMatchModel Any { get; } = new();

    /// <summary>The path condition.</summary>
    public PathMatcher Path { get; init; } = PathMatcher.Any;

    /// <summary>Conditions on headers; the method is the header <c>:method</c>.</summary>
    public ImmutableArray<HeaderMatcher> Headers { get; init; } = [];

    /// <summary>Conditions on query parameters.</summary>
    public ImmutableArray<QueryParameterMatcher> QueryParameters { get; init; } = [];

    /// <summary>Conditions on the claims of the request's token.</summary>
    public ImmutableArray<ClaimCondition> Claims { get; init; } = [];

    /// <summary>Only gRPC calls (a content type of <c>application/grpc</c>, with or without suffix).</summary>
    public bool GrpcOnly { get; init; }

    /// <summary>The share of requests that the route takes at all.</summary>
    public Fraction Share { get; init; } = Fraction.All;

    /// <summary>Decides for one request; the share is drawn last.</summary>
    public bool Matches<TView>(in TView view, IRandomSource random)
        where TView : struct, IRequestView, allows ref struct =>
        FindMismatch(in view, random).Condition is RouteCondition.None;

    /// <summary>The first condition that does not hold; the share is drawn last.</summary>
    public RouteMismatch FindMismatch<TView>(in TView view, IRandomSource random)
        where TView : struct, IRequestView, allows ref struct
    {
        if (!Path.Matches(view.Path)) return new(RouteCondition.Path);
        for (var i = 0; i < Headers.Length; i++)
        {
            if (!Headers[i].Matches(in view)) return new(RouteCondition.Header, i);
        }

        for (var i = 0; i < QueryParameters.Length; i++)
        {
            if (!QueryParameters[i].Matches(view.Query)) return new(RouteCondition.QueryParameter, i);
        }

        for (var i = 0; i < Claims.Length; i++)
        {
            if (!Claims[i].Matches(view.Token)) return new(RouteCondition.Claim, i);
        }

        if (GrpcOnly && !GrpcRequest.IsGrpc(in view)) return new(RouteCondition.Grpc);
        return Share.Hits(random) ? RouteMismatch.None : new(RouteCondition.Share);
    }

    /// <summary>Says in words what was wanted and what the request has.</summary>
    /// <param name="mismatch">What <see cref="FindMismatch"/> has found for this very request.</param>
    /// <param name="view">The request.</param>
    /// <returns>
    /// Half a sentence, e.g. <c>header user-type: wanted exact "vip", got none</c>; empty for a match.
    /// </returns>
    public string Describe<TView>(RouteMismatch mismatch, in TView view)
        where TView : struct, IRequestView, allows ref struct => mismatch.Condition switch
        {
            RouteCondition.None => "",
            RouteCondition.Path => MatchText.Unmet("path", MatchText.Of(Path), view.Path),
            RouteCondition.Header => MatchText.Unmet(Headers[mismatch.Index], in view),
            RouteCondition.QueryParameter => MatchText.Unmet(QueryParameters[mismatch.Index], view.Query),
            RouteCondition.Claim =>
                $"claim {string.Join('.', Claims[mismatch.Index].Path)}: no verified token has what is wanted",
            RouteCondition.Grpc =>
                MatchText.Unmet("content-type", "a gRPC call", view.Header("content-type").Joined),
            _ => $"takes {Share} of requests only",
        };
}
