using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Gateway.Subscriptions;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>How one type stands on a stream, as the stream sees it.</summary>
/// <param name="TypeUrl">The type.</param>
/// <param name="State">How it stands.</param>
/// <param name="SentVersion">Version last sent.</param>
/// <param name="AckedVersion">Version last acknowledged.</param>
/// <param name="Revision">The revision that what was sent reflects; null when a newer one is on its way.</param>
/// <param name="NackMessage">The client's own words.</param>
internal readonly record struct StreamReport(
    string TypeUrl,
    SubscriptionState State,
    string SentVersion,
    string AckedVersion,
    long? Revision,
    string NackMessage)
{
    public static StreamReport Of(Subscription subscription, long? revision)
    {
        var state = subscription.Parked is not null ? SubscriptionState.Nacked
            : subscription.IsOutstanding || revision is null ? SubscriptionState.Pending
            : SubscriptionState.Synced;
        return new StreamReport(
            subscription.TypeUrl,
            state,
            subscription.Told?.VersionInfo ?? "",
            subscription.AckedVersion,
            state is SubscriptionState.Synced ? revision : null,
            subscription.NackMessage);
    }
}
