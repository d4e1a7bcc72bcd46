using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>How far a client has come on the way to a set of resources.</summary>
internal static class StreamProgress
{
    /// <summary>
    /// Whether the client has answered everything that there is for it and asks for everything that this refers to. One
    /// that has refused something is as far as it will come.
    /// </summary>
    /// <param name="table">What it has asked for and been told.</param>
    /// <param name="set">What it is brought to.</param>
    /// <param name="groupFor">What a subscription is brought to at the moment.</param>
    public static bool IsBrought(
        SubscriptionTable table, ResourceSet set, Func<Subscription, ResourceGroup> groupFor)
    {
        foreach (var group in set.Groups)
        {
            if (table.Find(group.TypeUrl) is not { } subscription)
            {
                if (!group.Resources.IsEmpty && !HasRefused(table, Source(group.TypeUrl))) return false;
                continue;
            }

            if (subscription.IsOutstanding || ResponsePlanner.IsReady(subscription, groupFor(subscription))) return false;
            if (!AsksForAll(subscription, group) && !HasRefused(table, Source(group.TypeUrl))) return false;
        }

        return true;
    }

    /// <summary>The type from whose resources a client learns the names of those of another.</summary>
    private static string Source(string typeUrl) => typeUrl switch
    {
        TypeUrls.ClusterLoadAssignment => TypeUrls.Cluster,
        TypeUrls.RouteConfiguration => TypeUrls.Listener,
        _ => typeUrl,
    };

    private static bool AsksForAll(Subscription subscription, ResourceGroup group)
    {
        if (subscription.IsWildcard) return true;
        foreach (var resource in group.Resources)
        {
            if (!subscription.Names.Contains(resource.Name)) return false;
        }

        return true;
    }

    private static bool HasRefused(SubscriptionTable table, string typeUrl) =>
        table.Find(typeUrl) is { } subscription && (subscription.Parked is not null || !subscription.Refused.IsEmpty);
}
