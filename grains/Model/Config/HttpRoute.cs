using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>One entry of <see cref="VirtualService.Http"/>.</summary>
public sealed record HttpRoute
{
    /// <summary>Its name, for logs; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>Conditions, any of which will do; none means always.</summary>
    public ImmutableArray<HttpMatch> Match { get; init; } = [];

    /// <summary>Where requests go, by weight.</summary>
    public ImmutableArray<HttpRouteDestination> Route { get; init; } = [];

    /// <summary>Answers with a redirection instead of forwarding.</summary>
    public HttpRedirect? Redirect { get; init; }

    /// <summary>Answers by itself instead of forwarding.</summary>
    public HttpDirectResponse? DirectResponse { get; init; }

    /// <summary>Another VirtualService that holds the routes of this entry.</summary>
    public HttpDelegate? Delegate { get; init; }

    /// <summary>Changes path or authority before forwarding.</summary>
    public HttpRewrite? Rewrite { get; init; }

    /// <summary>Bound of the whole exchange, retries included; null or zero means none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>When and how often to try again; null means the mesh's default.</summary>
    public HttpRetry? Retries { get; init; }

    /// <summary>Faults to inject.</summary>
    public HttpFault? Fault { get; init; }

    /// <summary>Gets a copy of the requests; its answers are discarded.</summary>
    public Destination? Mirror { get; init; }

    /// <summary>Several mirrors with a share each; exclusive with <see cref="Mirror"/>.</summary>
    public ImmutableArray<HttpMirror> Mirrors { get; init; } = [];

    /// <summary>Share of requests that <see cref="Mirror"/> gets, in percent; null means 100.</summary>
    public double? MirrorPercentage { get; init; }

    /// <summary>Cross-origin rules.</summary>
    public CorsPolicy? CorsPolicy { get; init; }

    /// <summary>Changes to headers.</summary>
    public HeaderOperations Headers { get; init; } = HeaderOperations.None;

    /// <summary>What of the Gateway API became this entry; null where a VirtualService has it.</summary>
    public RouteOrigin? Origin { get; init; }

    /// <summary>Bound of each try where <see cref="Retries"/> is the mesh's default; null means none.</summary>
    public TimeSpan? TryTimeout { get; init; }
}

/// <summary>
/// Says that an entry stands for a rule of the Gateway API.
/// </summary>
/// <param name="Key">The route.</param>
/// <param name="Rule">The rule's place in it, from 0.</param>
/// <param name="Match">The condition's place in the rule, from 0; null for a rule without conditions.</param>
public sealed record RouteOrigin(ConfigKey Key, int Rule, int? Match)
{
    /// <summary>
    /// The status of requests to a destination that does not exist: 500, but 503 for gRPC calls, for which that is
    /// UNAVAILABLE.
    /// </summary>
    public int MissingStatus => Key.Kind == GatewayApi.RequestRoute.GrpcKind ? 503 : 500;

    /// <inheritdoc/>
    public override string ToString() =>
        Match is { } match ? $"{Key} rules[{Rule}].matches[{match}]" : $"{Key} rules[{Rule}]";
}

/// <summary>A destination with its share of the requests.</summary>
/// <param name="Destination">Where; null when the manifest named none.</param>
/// <param name="Weight">Share relative to the other destinations' weights; a single destination gets all.</param>
/// <param name="Headers">Changes to headers on this way only.</param>
public sealed record HttpRouteDestination(Destination? Destination, int Weight, HeaderOperations Headers);

/// <summary>A mirror and its share of the requests.</summary>
/// <param name="Destination">Where; null when the manifest named none.</param>
/// <param name="Percentage">In percent; null means 100.</param>
public sealed record HttpMirror(Destination? Destination, double? Percentage);

/// <summary>Names the VirtualService that holds the routes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace; empty means the root's.</param>
public sealed record HttpDelegate(string Name, string Namespace);

/// <summary>Changes the request before it is forwarded.</summary>
/// <param name="Uri">
/// Replaces the matched prefix, or the whole path of an exact or regex match; empty leaves it.
/// </param>
/// <param name="Authority">Replaces the authority; empty leaves it.</param>
/// <param name="UriRegexRewrite">Replaces by expression; exclusive with <paramref name="Uri"/>.</param>
public sealed record HttpRewrite(string Uri, string Authority, RegexRewrite? UriRegexRewrite);

/// <summary>Replaces what an RE2 expression matches.</summary>
/// <param name="Match">The expression.</param>
/// <param name="Rewrite">What takes its place; <c>\1</c> is the first group.</param>
public sealed record RegexRewrite(string Match, string Rewrite);

/// <summary>When and how often to try again.</summary>
public sealed record HttpRetry
{
    /// <summary>How many tries after the first; zero switches retries off.</summary>
    public int Attempts { get; init; }

    /// <summary>Bound of each try; null means the route's timeout.</summary>
    public TimeSpan? PerTryTimeout { get; init; }

    /// <summary>Conditions, comma separated: Envoy's names or status codes; empty means the default.</summary>
    public string RetryOn { get; init; } = "";

    /// <summary>Whether another locality may be tried; null means the default.</summary>
    public bool? RetryRemoteLocalities { get; init; }

    /// <summary>Whether hosts tried before are avoided; null means true.</summary>
    public bool? RetryIgnorePreviousHosts { get; init; }

    /// <summary>Base of the growing pause between tries; null means 25 ms.</summary>
    public TimeSpan? Backoff { get; init; }
}
