using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>
/// Keeps clusters and their endpoints at the client until its listeners and routes no longer point to them, and from
/// answers what the client was not yet to be told. What is pushed and new waits at the <see cref="EndpointBarrier"/>.
/// </summary>
internal static class MakeBeforeBreak
{
    private static readonly Pairs<ResourceGroup, ResourceGroup> Held = new(Join);

    /// <summary>The group to bring a client to now: what there is, and what it must not lose yet.</summary>
    /// <param name="subscription">How far the client is.</param>
    /// <param name="group">What there is.</param>
    /// <param name="isSettled">True when the client has taken over all that might point to a removed resource.</param>
    public static ResourceGroup Hold(Subscription subscription, ResourceGroup group, bool isSettled)
    {
        if (isSettled || subscription.Told is not { } told || told.VersionInfo == group.VersionInfo) return group;
        return GroupDifference.Between(told, group).Removed.Any(subscription.Wants) ? Held.Of(told, group) : group;
    }

    /// <summary>Whether resources of a type name clusters.</summary>
    public static bool PointsToClusters(string typeUrl) =>
        typeUrl is TypeUrls.Listener or TypeUrls.RouteConfiguration;

    /// <summary>
    /// What a request is answered from while the client may still lack clusters or their endpoints: what it has been
    /// told, and of what is new only what it asks for.
    /// </summary>
    /// <param name="subscription">How far the client is.</param>
    /// <param name="group">What there is.</param>
    public static ResourceGroup Answer(Subscription subscription, ResourceGroup group)
    {
        if (!PointsToClusters(group.TypeUrl) || subscription.Told is not { } told) return group;
        EncodedResource[] added =
            [.. subscription.Requested.Where(n => told.Find(n) is null).Select(group.Find).OfType<EncodedResource>()];
        return added.Length == 0 ? told : ResourceGroup.Of(told.TypeUrl, told.Resources.Concat(added));
    }

    /// <summary>Whether a client's listeners or routes are those of a group, acknowledged.</summary>
    public static bool IsSettled(Subscription? subscription, ResourceGroup group) =>
        subscription is null
        || (subscription.Told?.VersionInfo == group.VersionInfo
            && !subscription.IsOutstanding
            && subscription.Parked is null);

    private static ResourceGroup Join(ResourceGroup told, ResourceGroup group) => ResourceGroup.Of(
        group.TypeUrl,
        group.Resources.Concat(GroupDifference.Between(told, group).Removed.Select(name => told.Find(name)!)));
}
