using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>What is saved of a proxy's subscription.</summary>
[GenerateSerializer, Immutable, Alias("mesh.ProxySubscriptionState")]
internal sealed record ProxySubscriptionState
{
    /// <summary>The epoch of the newest stream; zero before the first.</summary>
    [Id(0)] public long StreamEpoch { get; init; }

    /// <summary>Who connected last; null before the first time.</summary>
    [Id(1)] public ProxyConnection? Connection { get; init; }

    /// <summary>Whether the newest stream is open.</summary>
    [Id(2)] public bool Connected { get; init; }

    /// <summary>Since when it is, or is not.</summary>
    [Id(3)] public DateTimeOffset Since { get; init; }

    /// <summary>How each resource type stands.</summary>
    [Id(4)] public ImmutableDictionary<string, SubscriptionReport> Types { get; init; } =
        ImmutableDictionary<string, SubscriptionReport>.Empty;

    /// <summary>The hosts it is told of; null for everything.</summary>
    [Id(5)] public AutomaticScope? Scope { get; init; }
}
