using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>What becomes of the subscriptions of a share. The newest stream of a proxy wins.</summary>
internal static class ProxySubscriptionMachine
{
    /// <summary>How long a proxy that is gone is remembered.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    /// <summary>
    /// How many proxies of one identity that are gone are remembered in a share: clients make up names, and each is a proxy.
    /// </summary>
    public const int MaxGone = 1_024;

    private const string SecretType = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
    private const int MaxTypes = 64;
    private const int MaxNack = 2048;

    private static readonly ImmutableDictionary<string, SubscriptionReport> _nothing =
        ImmutableDictionary.Create<string, SubscriptionReport>(StringComparer.Ordinal);

    /// <summary>Takes over what a gateway tells of one stream.</summary>
    /// <returns>The subscription, the very same when nothing changed, and how the stream stands there.</returns>
    public static (ProxySubscription? Next, StreamStanding Standing) Apply(
        ProxySubscription? before, string gateway, StreamNews news, DateTimeOffset now)
    {
        var current = before;
        if (current is null || !IsOf(current, gateway, news))
        {
            if (current is { Connected: true } && IsLater(current, gateway, news)) return (before, StreamStanding.Superseded);
            if (news.IsClosed) return (EndedBy(before, gateway, news, now), StreamStanding.Superseded);
            if (news.Connection is not { } connection) return (before, StreamStanding.Unknown);
            current = new ProxySubscription(connection, news.OpenedAt, Connected: true, news.OpenedAt, _nothing);
        }

        if (!current.Connected) return (before, StreamStanding.Superseded);
        if (news.Connection is not null) current = current with { Types = _nothing, Step = 0 }; // all of it is told anew
        if (!news.Gone.IsDefaultOrEmpty) current = current with { Types = current.Types.RemoveRange(news.Gone) };
        if (!news.Types.IsEmpty) current = Reported(current, news.Types);
        if (news.Revision != 0) current = current with { Step = news.Revision };
        if (news.HasScope) current = current with { Scope = news.Scope };
        if (news.TrustSequence > current.TrustSequence) current = current with { TrustSequence = news.TrustSequence };
        return (news.IsClosed ? Ended(current, now) : current, StreamStanding.Newest);
    }

    /// <summary>Takes over that a later revision changes nothing for the streams of a gateway.</summary>
    /// <returns>The subscription, the very same when it is none of those.</returns>
    public static ProxySubscription Raise(ProxySubscription proxy, string gateway, long from, long to) =>
        proxy.Connected && proxy.Connection.Gateway == gateway && SubscriptionStep.Of(proxy.Standing) == from
            ? proxy with { Step = to }
            : proxy;

    /// <summary>Of how many proxies the newest stream is an open one of a gateway.</summary>
    public static int HeldBy(ProxySubscriptionState state, string gateway) =>
        state.Proxies.Values.Count(p => p.Connected && p.Connection.Gateway == gateway);

    /// <summary>
    /// Whether what was told must be saved soon: who is connected, and refusals. Gateways tell the rest again.
    /// </summary>
    public static bool MustBeSaved(ProxySubscription? before, ProxySubscription? after) =>
        before?.Connected != after?.Connected
        || before?.OpenedAt != after?.OpenedAt
        || Refusals(before).SequenceEqual(Refusals(after)) is false;

    /// <summary>Forgets proxies that have been gone for long; the very same state when there is none.</summary>
    /// <param name="state">The share.</param>
    /// <param name="lastHeard">When each gateway that was heard of in the last hours was last heard of.</param>
    /// <param name="since">Since when gateways have been listened to.</param>
    /// <param name="now">The time.</param>
    public static ProxySubscriptionState Forget(
        ProxySubscriptionState state,
        IReadOnlyDictionary<string, DateTimeOffset> lastHeard,
        DateTimeOffset since,
        DateTimeOffset now)
    {
        var gone = state.Proxies.Where(p => now - LastSeen(p.Value) > Memory).Select(p => p.Key).ToList();
        return gone.Count == 0 ? state : state with { Proxies = state.Proxies.RemoveRange(gone) };

        // One whose gateway was killed is never told to have ended.
        DateTimeOffset LastSeen(ProxySubscription proxy) =>
            proxy.Connected ? lastHeard.GetValueOrDefault(proxy.Connection.Gateway, since) : proxy.Since;
    }

    /// <summary>What an earlier version has saved, by the node alone, by what proxies are known by; else the very same state.</summary>
    public static ProxySubscriptionState Keyed(ProxySubscriptionState state)
    {
        if (state.Proxies.All(p => KeyOf(p.Key, p.Value) == p.Key)) return state;
        var proxies = state.Proxies.GroupBy(p => KeyOf(p.Key, p.Value), p => p.Value, StringComparer.Ordinal);
        return state with { Proxies = proxies.ToImmutableDictionary(of => of.Key, of => of.MaxBy(p => p.OpenedAt)!) };
    }

    /// <summary>Whether a stream of a proxy is the one that is told of.</summary>
    public static bool IsOf(ProxySubscription proxy, string gateway, StreamNews news) =>
        proxy.OpenedAt == news.OpenedAt && proxy.Connection.Gateway == gateway;

    /// <summary>Of too many proxies of one identity that are gone forgets those that went first; the very same when there are none.</summary>
    public static ImmutableDictionary<string, ProxySubscription> Bounded(ImmutableDictionary<string, ProxySubscription> proxies)
    {
        var surplus = proxies.Where(p => !p.Value.Connected).GroupBy(p => p.Value.Connection.SpiffeId, StringComparer.Ordinal)
            .SelectMany(own => own.OrderByDescending(p => p.Value.Since).ThenBy(p => p.Key, StringComparer.Ordinal).Skip(MaxGone))
            .Select(p => p.Key).ToList();
        return surplus.Count == 0 ? proxies : proxies.RemoveRange(surplus);
    }

    /// <summary>The subscription as it is shown.</summary>
    public static ProxyView View(string key, ProxySubscription proxy) => new(
        ProxyKey.Parse(key).NodeId,
        proxy.Connection,
        proxy.Connected,
        proxy.Since,
        [.. proxy.Standing.OrderBy(t => t.TypeUrl, StringComparer.Ordinal)],
        proxy.Scope);

    /// <summary>Who has the mesh's roots as they are, of those that are sent them.</summary>
    public static TrustStanding FindTrust(ProxySubscriptionState state, long sequence)
    {
        var followers = state.Proxies.Where(p => FollowsRoots(p.Value)).ToList();
        var lagging = followers.Where(p => p.Value.TrustSequence < sequence).ToList();
        return new TrustStanding(
            followers.Count - lagging.Count,
            [
                .. lagging.OrderBy(p => p.Key, StringComparer.Ordinal)
                    .Select(p => new LaggingProxy(ProxyKey.Parse(p.Key).NodeId, p.Value.Connected, p.Value.Connection.Gateway)),
            ]);
    }

    // Without an identity nobody is sent secrets, and whose roots are files asks for none.
    private static bool FollowsRoots(ProxySubscription proxy) =>
        proxy.Connection.SpiffeId.Length > 0
        && (proxy.TrustSequence > 0 || proxy.Types.ContainsKey(SecretType));

    private static string KeyOf(string key, ProxySubscription proxy) =>
        new ProxyKey(proxy.Connection.SpiffeId, ProxyKey.Parse(key).NodeId).ToString();

    // Two that opened in the same instant are told apart by their gateways, so that everybody agrees.
    private static bool IsLater(ProxySubscription proxy, string gateway, StreamNews news) =>
        proxy.OpenedAt > news.OpenedAt
        || (proxy.OpenedAt == news.OpenedAt && string.CompareOrdinal(proxy.Connection.Gateway, gateway) > 0);

    // What is told of one type may fall behind the step of the others, so the step goes into the types first.
    private static ProxySubscription Reported(ProxySubscription proxy, ImmutableArray<SubscriptionReport> reports)
    {
        var types = Settled(proxy);
        foreach (var report in reports)
        {
            if (types.Count < MaxTypes || types.ContainsKey(report.TypeUrl))
            {
                types = types.SetItem(report.TypeUrl, Bounded(report));
            }
        }

        return proxy with { Types = types, Step = 0 };
    }

    private static ImmutableDictionary<string, SubscriptionReport> Settled(ProxySubscription proxy) => proxy.Step == 0
        ? proxy.Types
        : proxy.Types.SetItems(proxy.Standing.Select(t => KeyValuePair.Create(t.TypeUrl, t)));

    // A stream has ended that was never told of, and an earlier one of its own gateway is remembered: unless that is the
    // one that is still open, it has ended too.
    private static ProxySubscription? EndedBy(
        ProxySubscription? proxy, string gateway, StreamNews news, DateTimeOffset now) =>
        proxy is { Connected: true } && proxy.Connection.Gateway == gateway && news.OpenedAt > proxy.OpenedAt
        && proxy.OpenedAt != news.StillOpen
            ? Ended(proxy, now)
            : proxy;

    private static ProxySubscription Ended(ProxySubscription proxy, DateTimeOffset now) => proxy with
    {
        Connected = false,
        Since = now,
        Types = proxy.Types.SetItems(proxy.Standing.Select(t => KeyValuePair.Create(
            t.TypeUrl, t with { State = SubscriptionState.Disconnected, Since = now }))),
        Step = 0,
    };

    private static IEnumerable<(string, string, string)> Refusals(ProxySubscription? proxy) =>
        proxy?.Types.Values
            .Where(t => t.State is SubscriptionState.Nacked)
            .Select(t => (t.TypeUrl, t.SentVersion, t.NackMessage))
            .Order()
        ?? Enumerable.Empty<(string, string, string)>();

    private static SubscriptionReport Bounded(SubscriptionReport report) => report.NackMessage.Length <= MaxNack
        ? report
        : report with { NackMessage = report.NackMessage[..MaxNack] };
}
