using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

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
        TypeUrls.NameTable,
    ];

    private readonly Dictionary<string, Subscription> _byType = new(StringComparer.Ordinal);
    private ImmutableArray<string> _forcedLater = [];

    /// <summary>Whether the client still owes an answer to some response.</summary>
    public bool HasOutstanding => _byType.Values.Any(s => s.IsOutstanding);

    /// <summary>The subscription of a type; null when there is none.</summary>
    public Subscription? Find(string typeUrl) => _byType.GetValueOrDefault(typeUrl);

    /// <summary>Puts a subscription in place; null ends it.</summary>
    public void Set(string typeUrl, Subscription? subscription)
    {
        if (subscription is null) _byType.Remove(typeUrl);
        else _byType[typeUrl] = subscription;
        if (_forcedLater.IsEmpty || typeUrl != TypeUrls.ClusterLoadAssignment) return;
        ForceEndpoints(_forcedLater);
        _forcedLater = [];
    }

    /// <summary>
    /// Makes the endpoints of clusters due that have been sent in another form than the client had: it waits for them,
    /// whether or not it holds them.
    /// </summary>
    public void ForceEndpoints(IEnumerable<string> clusters)
    {
        if (Find(TypeUrls.ClusterLoadAssignment) is not { } endpoints) return;
        var forced = clusters.Where(endpoints.Names.Contains).ToImmutableArray();
        _byType[TypeUrls.ClusterLoadAssignment] = endpoints with
        {
            Forced = endpoints.Forced.Union(forced),
            Held = endpoints.Held.RemoveRange(forced),
        };
    }

    /// <summary>The same for a client that comes back: it may name the endpoints that it holds only later.</summary>
    public void ForceHeldEndpoints(IEnumerable<string> clusters)
    {
        if (Find(TypeUrls.ClusterLoadAssignment) is null) _forcedLater = [.. clusters];
        else ForceEndpoints(clusters);
    }
}
