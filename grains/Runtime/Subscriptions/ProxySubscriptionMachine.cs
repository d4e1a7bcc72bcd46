using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>What becomes of a proxy's subscription. The newest stream wins.</summary>
internal static class ProxySubscriptionMachine
{
    private const int MaxTypes = 64;
    private const int MaxNack = 2048;

    /// <summary>A stream opened: its epoch is the state's from now on.</summary>
    public static ProxySubscriptionState Connect(
        ProxySubscriptionState state, ProxyConnection connection, DateTimeOffset now) => state with
    {
        StreamEpoch = state.StreamEpoch + 1,
        Connection = connection,
        Connected = true,
        Since = now,
        Types = ImmutableDictionary<string, SubscriptionReport>.Empty, // a new stream reports everything anew
        Scope = null,
    };

    /// <summary>Takes over reports of the newest stream; the very same state when they come from another.</summary>
    public static ProxySubscriptionState Report(
        ProxySubscriptionState state, long streamEpoch, ImmutableArray<SubscriptionReport> reports)
    {
        if (!IsNewest(state, streamEpoch)) return state;
        var types = state.Types.ToBuilder();
        foreach (var report in reports)
        {
            if (types.Count < MaxTypes || types.ContainsKey(report.TypeUrl)) types[report.TypeUrl] = Bounded(report);
        }

        return state with { Types = types.ToImmutable() };
    }

    /// <summary>Takes over what the newest stream is told of; the very same state when another says so.</summary>
    public static ProxySubscriptionState ReportScope(
        ProxySubscriptionState state, long streamEpoch, AutomaticScope? scope) =>
        IsNewest(state, streamEpoch) ? state with { Scope = scope } : state;

    /// <summary>The newest stream ended; the very same state when another did.</summary>
    public static ProxySubscriptionState Disconnect(ProxySubscriptionState state, long streamEpoch, DateTimeOffset now)
    {
        if (!IsNewest(state, streamEpoch)) return state;
        var types = state.Types.Values
            .Select(t => t with { State = SubscriptionState.Disconnected, Since = now })
            .ToImmutableDictionary(t => t.TypeUrl);
        return state with { Connected = false, Since = now, Types = types };
    }

    /// <summary>Whether a stream is the newest one, and open.</summary>
    public static bool IsNewest(ProxySubscriptionState state, long streamEpoch) =>
        state.Connected && streamEpoch == state.StreamEpoch;

    /// <summary>
    /// Whether a change must be saved at once: a refusal. Acknowledgements may be saved together, later.
    /// </summary>
    public static bool IsUrgent(ImmutableArray<SubscriptionReport> reports) =>
        reports.Any(r => r.State is SubscriptionState.Nacked);

    /// <summary>The subscription as it is shown.</summary>
    public static ProxyView? View(ProxySubscriptionState state, string nodeId) => state.Connection is null
        ? null
        : new ProxyView(
            nodeId,
            state.Connection,
            state.Connected,
            state.Since,
            [.. state.Types.Values.OrderBy(t => t.TypeUrl, StringComparer.Ordinal)],
            state.Scope);

    private static SubscriptionReport Bounded(SubscriptionReport report) => report.NackMessage.Length <= MaxNack
        ? report
        : report with { NackMessage = report.NackMessage[..MaxNack] };
}
