using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>What is saved of the subscriptions of a share.</summary>
[GenerateSerializer, Immutable, Alias("mesh.ProxyShareState")]
internal sealed record ProxySubscriptionState
{
    /// <summary>The proxies that are or were connected, by <see cref="ProxyKey"/>.</summary>
    [Id(0)] public ImmutableDictionary<string, ProxySubscription> Proxies { get; init; } =
        ImmutableDictionary<string, ProxySubscription>.Empty;
}

/// <summary>One proxy's subscription.</summary>
/// <param name="Connection">Who connected last.</param>
/// <param name="OpenedAt">When its newest stream opened.</param>
/// <param name="Connected">Whether that is open.</param>
/// <param name="Since">Since when it is, or is not.</param>
/// <param name="Types">How each resource type stands, by its URL.</param>
/// <param name="Scope">The hosts it is told of; null for everything.</param>
/// <param name="Step">
/// The revision that every type in step reflects, whatever <paramref name="Types"/> says of it; 0 when they say it.
/// </param>
/// <param name="TrustSequence">The sequence of the mesh's roots that it has; 0 while unknown.</param>
[GenerateSerializer, Immutable, Alias("mesh.ProxySubscription")]
internal sealed record ProxySubscription(
    [property: Id(0)] ProxyConnection Connection,
    [property: Id(1)] DateTimeOffset OpenedAt,
    [property: Id(2)] bool Connected,
    [property: Id(3)] DateTimeOffset Since,
    [property: Id(4)] ImmutableDictionary<string, SubscriptionReport> Types,
    [property: Id(5)] AutomaticScope? Scope = null,
    [property: Id(6)] long Step = 0,
    [property: Id(7)] long TrustSequence = 0)
{
    /// <summary>How each resource type stands, as far as the step has brought it.</summary>
    public IEnumerable<SubscriptionReport> Standing => Step == 0
        ? Types.Values
        : Types.Values.Select(t => t.State is SubscriptionState.Synced ? t with { Revision = Step } : t);
}
