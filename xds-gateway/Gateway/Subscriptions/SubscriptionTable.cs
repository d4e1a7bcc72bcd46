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

    private readonly Subscription?[] _inOrder = new Subscription?[PushOrder.Length];
    private ImmutableArray<string> _forcedLater = [];

    /// <summary>The name of a type, the very same string for everybody where it is served.</summary>
    public static string NameOf(string typeUrl) => PlaceOf(typeUrl) is >= 0 and var place ? PushOrder[place] : typeUrl;

    /// <summary>The subscriptions in push order; null where there is none.</summary>
    public ReadOnlySpan<Subscription?> InPushOrder => _inOrder;

    /// <summary>Whether the client still owes an answer to some response.</summary>
    public bool HasOutstanding
    {
        get
        {
            foreach (var subscription in _inOrder)
            {
                if (subscription is { IsOutstanding: true }) return true;
            }

            return false;
        }
    }

    /// <summary>The subscription of a type; null when there is none, or the type is not served.</summary>
    public Subscription? Find(string typeUrl) => PlaceOf(typeUrl) is >= 0 and var place ? _inOrder[place] : null;

    /// <summary>Puts a subscription in place; null ends it.</summary>
    public void Set(string typeUrl, Subscription? subscription)
    {
        _inOrder[PlaceOf(typeUrl)] = subscription;
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
        _inOrder[PlaceOf(TypeUrls.ClusterLoadAssignment)] = endpoints with
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

    // Of six names, nearly always the very same strings, the first that is equal is found sooner than by their hash.
    private static int PlaceOf(string typeUrl)
    {
        for (var i = 0; i < PushOrder.Length; i++)
        {
            if (string.Equals(PushOrder[i], typeUrl)) return i;
        }

        return -1;
    }
}
