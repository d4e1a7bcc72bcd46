using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Silo.Api;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Mtls;

/// <summary>Gathers what is known of plaintext callers.</summary>
internal sealed class CallerBook(IGrainFactory grains, SnapshotHolder snapshots, TimeProvider clock)
{
    private const int AtOnce = 32;

    /// <summary>What is known of one namespace.</summary>
    public async Task<NamespaceCallers> ReadAsync(string ns, CancellationToken cancellationToken) =>
        (await ReadAsync([ns], cancellationToken))[0];

    /// <summary>
    /// What is known of all namespaces that have a member or configuration, or had a proxy in the last day: one whose
    /// members are away, as they work once a week, is among them.
    /// </summary>
    public async Task<ImmutableArray<NamespaceCallers>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var proxies = await ProxiesAsync(cancellationToken);
        var namespaces = snapshots.Current.Workloads.Values.Select(w => w.Namespace)
            .Concat(snapshots.Current.Config.Keys.Select(key => key.Namespace))
            .Concat(proxies.Select(p => p.Connection.Namespace))
            .Where(ns => ns.Length > 0).Distinct().Order(StringComparer.Ordinal);
        return await ReadAsync([.. namespaces], proxies, cancellationToken);
    }

    /// <summary>What is known of some namespaces, in their order.</summary>
    public async Task<ImmutableArray<NamespaceCallers>> ReadAsync(
        ImmutableArray<string> namespaces, CancellationToken cancellationToken) =>
        await ReadAsync(namespaces, await ProxiesAsync(cancellationToken), cancellationToken);

    private async Task<ImmutableArray<NamespaceCallers>> ReadAsync(
        ImmutableArray<string> namespaces, ImmutableArray<ProxyView> proxies, CancellationToken cancellationToken)
    {
        var byNamespace = proxies.ToLookup(p => p.Connection.Namespace, StringComparer.Ordinal);
        var members = snapshots.Current.Workloads.Values.ToLookup(m => m.Address, StringComparer.Ordinal);
        var all = ImmutableArray.CreateBuilder<NamespaceCallers>(namespaces.Length);
        foreach (var some in namespaces.Chunk(AtOnce))
        {
            var reports = await Task.WhenAll(some.Select(
                ns => grains.GetGrain<IPlaintextCallersGrain>(ns).ListAsync(cancellationToken)));
            all.AddRange(some.Select((ns, i) =>
                new NamespaceCallers(ns, reports[i], byNamespace[ns], members, clock.GetUtcNow())));
        }

        return all.ToImmutable();
    }

    private async Task<ImmutableArray<ProxyView>> ProxiesAsync(CancellationToken cancellationToken)
    {
        var gateways = await grains.GetGrain<IGatewayDirectoryGrain>(MeshKeys.Default).ListAsync(cancellationToken);
        var shares = await Task.WhenAll(ProxyShares.Keys.Select(
            key => grains.GetGrain<IProxySubscriptionGrain>(key).ListAsync(cancellationToken)));
        return [.. shares.SelectMany(share => share).Select(view => ProxyLiveness.Of(view, gateways))];
    }
}
