namespace MeshOrleans.Model.Evaluation;

/// <summary>Which condition of a route is the first that does not hold.</summary>
public enum RouteCondition
{
    /// <summary>None: the route applies.</summary>
    None,

    /// <summary>The path.</summary>
    Path,

    /// <summary>A header, the method among them.</summary>
    Header,

    /// <summary>A query parameter.</summary>
    QueryParameter,

    /// <summary>A claim of a verified token.</summary>
    Claim,

    /// <summary>It is no gRPC call.</summary>
    Grpc,

    /// <summary>The route takes a share of requests, and this one was not drawn.</summary>
    Share,
}

/// <summary>Where the comparison of a request with a route stopped.</summary>
/// <param name="Condition">The kind of condition that fails; <see cref="RouteCondition.None"/> for a match.</param>
/// <param name="Index">Which of the conditions of that kind, counted from 0.</param>
public readonly record struct RouteMismatch(RouteCondition Condition, int Index = 0)
{
    /// <summary>Everything holds.</summary>
    public static RouteMismatch None { get; }
}
