using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>A route of the Gateway API: it counts where it is attached, and nowhere else.</summary>
public abstract record AttachedRoute : ConfigSpec
{
    /// <summary>The kinds of routes, by what they are called in keys.</summary>
    public static ImmutableArray<string> Kinds { get; } =
        [RequestRoute.HttpKind, RequestRoute.GrpcKind, ConnectionRoute.TlsKind, ConnectionRoute.TcpKind];

    /// <summary>What it attaches to.</summary>
    public ImmutableArray<ParentReference> ParentRefs { get; init; } = [];

    /// <summary>
    /// The hosts it answers for; none means those of the listener, or all. Requests to Services do not look at it.
    /// </summary>
    public ImmutableArray<string> Hostnames { get; init; } = [];
}
