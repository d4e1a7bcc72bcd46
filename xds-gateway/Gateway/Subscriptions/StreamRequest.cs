using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Discovery;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>One request of either method, in one shape.</summary>
internal sealed record StreamRequest
{
    public required string TypeUrl { get; init; }

    public Node? Node { get; init; }

    /// <summary>The response it answers; empty when it answers none.</summary>
    public string Nonce { get; init; } = "";

    /// <summary>Why the response was refused; null when it was not.</summary>
    public string? Error { get; init; }

    /// <summary>State of the world: the whole subscription. Delta: what is added to it.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>Delta: what is taken from the subscription.</summary>
    public ImmutableArray<string> Unsubscribe { get; init; } = [];

    /// <summary>Delta, first request of a type: what the client holds, name to version.</summary>
    public ImmutableDictionary<string, string> Held { get; init; } = ImmutableDictionary<string, string>.Empty;

    public static StreamRequest Of(DiscoveryRequest request) => new()
    {
        TypeUrl = SubscriptionTable.NameOf(request.TypeUrl),
        Node = request.Node,
        Nonce = request.ResponseNonce,
        Error = request.ErrorDetail?.Message,
        Names = [.. request.ResourceNames],
    };

    public static StreamRequest Of(DeltaDiscoveryRequest request) => new()
    {
        TypeUrl = SubscriptionTable.NameOf(request.TypeUrl),
        Node = request.Node,
        Nonce = request.ResponseNonce,
        Error = request.ErrorDetail?.Message,
        Names = [.. request.ResourceNamesSubscribe],
        Unsubscribe = [.. request.ResourceNamesUnsubscribe],
        Held = request.InitialResourceVersions.ToImmutableDictionary(StringComparer.Ordinal),
    };
}
