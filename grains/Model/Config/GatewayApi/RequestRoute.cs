using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>
/// A route of requests of the Gateway API: kind HTTPRoute or GRPCRoute. Of all rules that are attached to the same place
/// the most specific match wins, whichever route it stands in.
/// </summary>
public sealed record RequestRoute : AttachedRoute
{
    /// <summary>The kind of routes of requests.</summary>
    public const string HttpKind = "HTTPRoute";

    /// <summary>The kind of routes of gRPC calls.</summary>
    public const string GrpcKind = "GRPCRoute";

    /// <summary>Its rules.</summary>
    public ImmutableArray<RequestRule> Rules { get; init; } = [];
}

/// <summary>One rule of a <see cref="RequestRoute"/>.</summary>
public sealed record RequestRule
{
    /// <summary>Its name; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>Conditions, any of which will do; none means every request.</summary>
    public ImmutableArray<RequestMatch> Matches { get; init; } = [];

    /// <summary>What is done with the request besides forwarding it.</summary>
    public ImmutableArray<RequestFilter> Filters { get; init; } = [];

    /// <summary>Where requests go, by weight.</summary>
    public ImmutableArray<BackendReference> Backends { get; init; } = [];

    /// <summary>Bound of the whole exchange, retries included; null or zero means none.</summary>
    public TimeSpan? RequestTimeout { get; init; }

    /// <summary>Bound of each try; null or zero means none.</summary>
    public TimeSpan? BackendTimeout { get; init; }

    /// <summary>When and how often to try again; null means the mesh's default.</summary>
    public HttpRetry? Retry { get; init; }
}

/// <summary>A condition on a request; all of its parts must hold.</summary>
public sealed record RequestMatch
{
    /// <summary>Takes every request.</summary>
    public static RequestMatch Everything { get; } = new();

    /// <summary>The path: exact, by segments (<see cref="StringMatchKind.PathPrefix"/>) or by expression.</summary>
    public StringMatch Path { get; init; } = StringMatch.PathPrefix("/");

    /// <summary>Headers; of several conditions on one name the first counts.</summary>
    public ImmutableArray<NamedMatch> Headers { get; init; } = [];

    /// <summary>Query parameters; of several conditions on one name the first counts.</summary>
    public ImmutableArray<NamedMatch> QueryParams { get; init; } = [];

    /// <summary>The method; empty means any.</summary>
    public string Method { get; init; } = "";

    /// <summary>The call of a GRPCRoute, of which <see cref="Path"/> is made; null when none is asked for.</summary>
    public GrpcCall? Call { get; init; }
}

/// <summary>A condition on the call of a gRPC method.</summary>
/// <param name="IsRegex">Whether its parts are expressions.</param>
/// <param name="Service">The service with its package; empty means any.</param>
/// <param name="Method">The method; empty means any.</param>
public sealed record GrpcCall(bool IsRegex, string Service, string Method)
{
    /// <summary>The condition on the path that says the same.</summary>
    public StringMatch ToPath() => this switch
    {
        { IsRegex: true } => StringMatch.Regex($"/{PartOf(Service)}/{PartOf(Method)}"),
        { Method.Length: 0 } => StringMatch.PathPrefix($"/{Service}"),
        { Service.Length: 0 } => StringMatch.Regex($"/[^/]+/{RegexText.Quote(Method)}"),
        _ => StringMatch.Exact($"/{Service}/{Method}"),
    };

    private static string PartOf(string expression) => expression.Length > 0 ? $"(?:{expression})" : "[^/]+";
}

/// <summary>A condition on a value that has a name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">What the value must be.</param>
public sealed record NamedMatch(string Name, StringMatch Value);
