using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>What a service does with the requests of a lane of which it has no endpoint that can be used.</summary>
public enum LaneFallback
{
    /// <summary>Its endpoints outside of all lanes serve them.</summary>
    Base,

    /// <summary>They are answered with 503.</summary>
    Refuse,
}

/// <summary>
/// A lane of traffic (mesh.orleans.io/v1): endpoints that serve the requests marked with its name, and nobody else's. The
/// mark is the member <c>mesh.lane=NAME</c> of the W3C <c>baggage</c> header, which applications hand on.
/// </summary>
public sealed record Lane : ConfigSpec
{
    /// <summary>Labels of the endpoints that are the lane; at least one.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = EmptyMap.Text;

    /// <summary>
    /// The services that it covers, as written; none means all of the namespace, or of the mesh in the root namespace.
    /// Anywhere else services of other namespaces are not covered.
    /// </summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>
    /// Which requests without a mark enter it, where they go to a service that it covers: any of these conditions. None
    /// means that only marks lead into it.
    /// </summary>
    public ImmutableArray<HttpMatch> Match { get; init; } = [];

    /// <summary>What a service without an endpoint of the lane does.</summary>
    public LaneFallback Fallback { get; init; }
}
