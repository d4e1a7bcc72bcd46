using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Identity;

/// <summary>Which proxies have the mesh's roots as they are.</summary>
/// <param name="Holding">How many have them.</param>
/// <param name="Lagging">The node ids of those that have older ones.</param>
/// <param name="IsComplete">False when somebody could not be asked, or may not have been told of yet.</param>
/// <param name="Fault">Why somebody could not be asked; empty when everybody was.</param>
internal sealed record RootAudience(int Holding, ImmutableArray<string> Lagging, bool IsComplete, string Fault = "")
{
    /// <summary>Nobody was asked.</summary>
    public static RootAudience Unknown { get; } = new(0, [], IsComplete: false);

    /// <summary>Whether everybody has them.</summary>
    public bool IsEverybody => IsComplete && Lagging.IsEmpty;

    /// <summary>Asks all shares of the proxies. One that does not answer leaves it incomplete; nothing fails by it.</summary>
    public static async Task<RootAudience> FindAsync(
        IGrainFactory grains, long sequence, CancellationToken cancellationToken)
    {
        var fault = "";
        var gateways = await AskAsync(grains.GetGrain<IGatewayDirectoryGrain>(MeshKeys.Default).ListAsync(cancellationToken));
        var shares = await Task.WhenAll(ProxyShares.Keys.Select(key =>
            AskAsync(grains.GetGrain<IProxySubscriptionGrain>(key).FindTrustAsync(sequence, cancellationToken))));
        var lagging = shares.SelectMany(share => share?.Lagging ?? []).Select(proxy => proxy.NodeId);
        return new RootAudience(
            shares.Sum(share => share?.Holding ?? 0),
            [.. lagging.Order(StringComparer.Ordinal)],
            fault.Length == 0 && gateways is { IsComplete: true },
            fault);

        async Task<T?> AskAsync<T>(Task<T> answer)
            where T : class
        {
            try
            {
                return await answer;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                fault = exception.Message;
                return null;
            }
        }
    }
}
