using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>A stream's subscriptions by type.</summary>
internal sealed class SubscriptionTable
{
    /// <summary>The types that are served, in the order in which they must reach a client: make before break.</summary>
    public static ImmutableArray<string> PushOrder { get; } =
    [
        TypeUrls.Cluster,
        TypeUrls.ClusterLoadAssignment,
        TypeUrls.Listener,
        TypeUrls.RouteConfiguration,
        TypeUrls.Secret,
    ];

    private readonly Dictionary<string, Subscription> _byType = new(StringComparer.Ordinal);

    /// <summary>Whether the client still owes an answer to some response.</summary>
    public bool HasOutstanding => _byType.Values.Any(s => s.IsOutstanding);

    /// <summary>The subscription of a type; null when there is none.</summary>
    public Subscription? Find(string typeUrl) => _byType.GetValueOrDefault(typeUrl);

    /// <summary>Puts a subscription in place; null ends it.</summary>
    public void Set(string typeUrl, Subscription? subscription)
    {
        if (subscription is null) _byType.Remove(typeUrl);
        else _byType[typeUrl] = subscription;
    }

    /// <summary>Makes the endpoints of changed clusters due: a client that rebuilds a cluster waits for them.</summary>
    public void ForceEndpoints(IEnumerable<string> changedClusters)
    {
        if (Find(TypeUrls.ClusterLoadAssignment) is not { } endpoints) return;
        var forced = endpoints.Forced.Union(changedClusters.Where(endpoints.Names.Contains));
        _byType[TypeUrls.ClusterLoadAssignment] = endpoints with { Forced = forced };
    }
}
