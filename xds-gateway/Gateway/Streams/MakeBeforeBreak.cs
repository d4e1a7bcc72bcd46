using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Translation;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// Keeps clusters and their endpoints at the client until its listeners and routes no longer point to them.
/// </summary>
internal static class MakeBeforeBreak
{
    private static readonly GroupPairs<ResourceGroup> Held = new(Join);

    /// <summary>The group to bring a client to now: what there is, and what it must not lose yet.</summary>
    /// <param name="subscription">How far the client is.</param>
    /// <param name="group">What there is.</param>
    /// <param name="isSettled">True when the client has taken over all that might point to a removed resource.</param>
    public static ResourceGroup Hold(Subscription subscription, ResourceGroup group, bool isSettled)
    {
        if (isSettled || subscription.Told is not { } told || told.VersionInfo == group.VersionInfo) return group;
        return GroupDifference.Between(told, group).Removed.Any(subscription.Wants) ? Held.Of(told, group) : group;
    }

    private static ResourceGroup Join(ResourceGroup told, ResourceGroup group) => ResourceGroup.Of(
        group.TypeUrl,
        group.Resources.Concat(GroupDifference.Between(told, group).Removed.Select(name => told.Find(name)!)));

    /// <summary>Whether a client's listeners or routes are those of a group, acknowledged.</summary>
    public static bool IsSettled(Subscription? subscription, ResourceGroup group) =>
        subscription is null
        || (subscription.Told?.VersionInfo == group.VersionInfo
            && !subscription.IsOutstanding
            && subscription.Parked is null);
}
