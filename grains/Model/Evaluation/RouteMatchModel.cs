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
        where TView : struct, IRequestView, allows ref struct
    {
        if (!Path.Matches(view.Path)) return false;
        foreach (var header in Headers)
        {
            if (!header.Matches(in view)) return false;
        }

        foreach (var parameter in QueryParameters)
        {
            if (!parameter.Matches(view.Query)) return false;
        }

        foreach (var claim in Claims)
        {
            if (!claim.Matches(view.Token)) return false;
        }

        return (!GrpcOnly || GrpcRequest.IsGrpc(in view)) && Share.Hits(random);
    }
}
