using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Where some of the connections to one port of a service go.</summary>
public sealed record TcpChainModel
{
    /// <summary>Where their bytes go, chosen once per connection.</summary>
    public required WeightedChoice Clusters { get; init; }

    /// <summary>How long they may last.</summary>
    public RelayModel Relay { get; init; } = RelayModel.Default;

    /// <summary>The addresses for which they are meant; none for any.</summary>
    public ImmutableArray<IPNetwork> Networks { get; init; } = [];

    /// <summary>
    /// The names that they ask for in a TLS handshake, exact or <c>*.suffix</c>, in lower case; none for any.
    /// </summary>
    public ImmutableArray<string> ServerNames { get; init; } = [];

    /// <summary>The addresses that they come from; none for any.</summary>
    public ImmutableArray<IPNetwork> Sources { get; init; } = [];
}
