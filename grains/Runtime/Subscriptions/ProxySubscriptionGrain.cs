using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <remarks>
/// Who is connected and what was refused is saved together, some seconds after it was told: ten thousand proxies that
/// connect at once are a few writes. What a lost silo had not saved, and acknowledgements, are told again by the gateways,
/// which learn of it from the next answer. Kept in memory, so that the status of proxies can be read while the store is
/// away.
/// </remarks>
[KeepAlive]
internal sealed class ProxySubscriptionGrain(
    [PersistentState("subscriptions", StorageNames.Mesh)] IPersistentState<ProxySubscriptionState> store,
    TimeProvider clock) : Grain, IProxySubscriptionGrain
{
    private static readonly TimeSpan _saveDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _tidyPeriod = TimeSpan.FromHours(1);

    private readonly Dictionary<string, DateTimeOffset> _lastHeard = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _activatedAt = clock.GetUtcNow();
    private IGrainTimer _saving = null!;
    private bool _unsaved;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _saving = this.RegisterGrainTimer(SaveLateAsync, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        this.RegisterGrainTimer(TidyAsync, _tidyPeriod, _tidyPeriod);
        store.State = ProxySubscriptionMachine.Keyed(store.State);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        SaveLateAsync(cancellationToken);

    public Task<SubscriptionAnswer> TellAsync(
        string gateway, ImmutableArray<StreamNews> news, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var isFirst = Hear(gateway, now);
        var proxies = store.State.Proxies.ToBuilder();
        var standings = ImmutableArray.CreateBuilder<StreamStanding>(news.Length);
        var mustBeSaved = false;
        foreach (var one in news)
        {
            var key = KeyOf(proxies, gateway, one);
            var before = proxies.GetValueOrDefault(key);
            var (after, standing) = ProxySubscriptionMachine.Apply(before, gateway, one, now);
            standings.Add(standing);
            if (after is null || ReferenceEquals(after, before)) continue;
            proxies[key] = after;
            mustBeSaved |= ProxySubscriptionMachine.MustBeSaved(before, after);
        }

        var next = proxies.ToImmutable();
        store.State = store.State with
        {
            Proxies = news.Any(one => one.IsClosed) ? ProxySubscriptionMachine.Bounded(next) : next,
        };
        if (mustBeSaved) SaveLater();
        return Task.FromResult(new SubscriptionAnswer(
            isFirst, standings.MoveToImmutable(), ProxySubscriptionMachine.HeldBy(store.State, gateway)));
    }

    public Task<RaiseAnswer> RaiseAsync(
        string gateway, long from, long to, ImmutableArray<string> except, CancellationToken cancellationToken)
    {
        var isFirst = Hear(gateway, clock.GetUtcNow());
        var (kept, proxies) = (except.ToHashSet(StringComparer.Ordinal), store.State.Proxies.ToBuilder());
        var raised = 0;
        foreach (var (key, proxy) in store.State.Proxies)
        {
            var isKept = kept.Count > 0 && (kept.Contains(key) || kept.Contains(ProxyKey.Parse(key).NodeId)); // an earlier gateway says the node
            var next = isKept ? proxy : ProxySubscriptionMachine.Raise(proxy, gateway, from, to);
            if (ReferenceEquals(next, proxy)) continue;
            proxies[key] = next;
            raised++;
        }

        store.State = store.State with { Proxies = proxies.ToImmutable() };
        return Task.FromResult(new RaiseAnswer(isFirst, raised));
    }

    public Task<ImmutableArray<ProxyView>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<ProxyView>>(
        [
            .. store.State.Proxies
                .Select(p => ProxySubscriptionMachine.View(p.Key, p.Value))
                .OrderBy(p => p.NodeId, StringComparer.Ordinal).ThenBy(p => p.Connection.SpiffeId, StringComparer.Ordinal),
        ]);

    public Task<TrustStanding> FindTrustAsync(long sequence, CancellationToken cancellationToken) =>
        Task.FromResult(ProxySubscriptionMachine.FindTrust(store.State, sequence));

    // an earlier version's gateway says whose a node is with its first word of a stream only
    private static string KeyOf(
        ImmutableDictionary<string, ProxySubscription>.Builder proxies, string gateway, StreamNews news)
    {
        var identity = news.SpiffeId ?? news.Connection?.SpiffeId ?? proxies.FirstOrDefault(p =>
            ProxySubscriptionMachine.IsOf(p.Value, gateway, news) && ProxyKey.Parse(p.Key).NodeId == news.NodeId).Value?.Connection.SpiffeId;
        return new ProxyKey(identity ?? "", news.NodeId).ToString();
    }

    /// <returns>Whether it is heard for the first time.</returns>
    private bool Hear(string gateway, DateTimeOffset now)
    {
        var isFirst = !_lastHeard.ContainsKey(gateway);
        _lastHeard[gateway] = now;
        return isFirst;
    }

    private void SaveLater()
    {
        if (!_unsaved) _saving.Change(_saveDelay, Timeout.InfiniteTimeSpan);
        _unsaved = true;
    }

    private async Task SaveLateAsync(CancellationToken cancellationToken)
    {
        if (!_unsaved) return;
        _unsaved = false;
        try
        {
            await this.SaveAsync(store, store.State);
        }
        catch
        {
            SaveLater();
            throw;
        }
    }

    private Task TidyAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var next = ProxySubscriptionMachine.Forget(store.State, _lastHeard, _activatedAt, now);
        foreach (var gateway in _lastHeard.Where(g => now - g.Value > ProxySubscriptionMachine.Memory).Select(g => g.Key).ToList())
        {
            _lastHeard.Remove(gateway);
        }

        if (ReferenceEquals(next, store.State)) return Task.CompletedTask;
        store.State = next;
        SaveLater();
        return Task.CompletedTask;
    }
}
