using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>
/// A route of connections whose bytes are not read: kind TLSRoute, chosen by the name in the handshake, or TCPRoute. Its
/// rules have no conditions, so only the first of them ever counts; of several routes for one place the oldest does.
/// </summary>
public sealed record ConnectionRoute : AttachedRoute
{
    /// <summary>The kind of routes that go by the name in a handshake.</summary>
    public const string TlsKind = "TLSRoute";

    /// <summary>The kind of routes of all else.</summary>
    public const string TcpKind = "TCPRoute";

    /// <summary>Its rules.</summary>
    public ImmutableArray<ConnectionRule> Rules { get; init; } = [];
}

/// <summary>One rule of a <see cref="ConnectionRoute"/>.</summary>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Backends">Where connections go, by weight.</param>
public sealed record ConnectionRule(string Name, ImmutableArray<BackendReference> Backends);
