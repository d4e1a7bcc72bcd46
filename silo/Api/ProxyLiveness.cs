using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// What a subscription grain cannot know: whether the gateway that holds its stream still lives. One that was killed
/// told nobody that its streams ended.
/// </summary>
internal static class ProxyLiveness
{
    /// <summary>The proxy as it really stands: disconnected, where its gateway is gone.</summary>
    public static ProxyView Of(ProxyView view, GatewayListing gateways) =>
        !view.Connected || !gateways.IsGone(view.Connection.Gateway)
            ? view
            : view with
            {
                Connected = false,
                Types = [.. view.Types.Select(t => t with { State = SubscriptionState.Disconnected })],
            };
}
