using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>The gateways that were heard of. Never saved: what it says is true for seconds only.</summary>
internal sealed record GatewayDirectoryState
{
    /// <summary>By name.</summary>
    public ImmutableDictionary<string, HeardGateway> Gateways { get; init; } =
        ImmutableDictionary.Create<string, HeardGateway>(StringComparer.Ordinal);
}

/// <summary>One gateway's last word.</summary>
/// <param name="Beat">What it said.</param>
/// <param name="At">When, as the age of the directory.</param>
internal sealed record HeardGateway(GatewayBeat Beat, TimeSpan At);
