using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Callers;

/// <summary>Decides which plaintext callers are remembered.</summary>
internal static class PlaintextCallersMachine
{
    /// <summary>The most callers of all sidecars of the namespace.</summary>
    public const int MaxCallersInAll = 10_000;

    /// <summary>The most sidecars; those that were heard of longest ago go first.</summary>
    public const int MaxProxies = 5_000;

    private const int MaxForgotten = 1_000;

    /// <summary>What has moved by less than this is not written down again.</summary>
    public static TimeSpan Precision { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Takes over what sidecars have seen.</summary>
    public static PlaintextCallersState Tell(
        PlaintextCallersState state, ImmutableArray<CallerReport> reports, DateTimeOffset now)
    {
        var proxies = state.Proxies.ToBuilder();
        foreach (var report in reports)
        {
            var key = report.SpiffeId.Length > 0 ? report.Proxy.ToString() : report.NodeId; // as an earlier version knows it
            var before = proxies.GetValueOrDefault(key);
            if (before is null && proxies.GetValueOrDefault(report.NodeId) is { } former && former.Run == report.Run)
            {
                before = former; // who has told it knows the name of this start: it is the same sidecar
                proxies.Remove(report.NodeId);
            }

            proxies[key] = Heard(before, report, state, now);
        }

        return Bounded(state with { Proxies = proxies.ToImmutable() }, now);
    }

    /// <summary>Whether a state has to be written down, where another one was.</summary>
    public static bool MustBeSaved(PlaintextCallersState saved, PlaintextCallersState next)
    {
        if (!ReferenceEquals(saved.Forgotten, next.Forgotten)) return true;
        foreach (var (key, proxy) in next.Proxies)
        {
            if (!saved.Proxies.TryGetValue(key, out var before)) return true;
            if (!ReferenceEquals(before, proxy) && HasMoved(before, proxy)) return true;
        }

        return false;
    }

    /// <summary>Forgets what was seen of an address, or of all where it is empty.</summary>
    /// <returns>How many callers are gone.</returns>
    public static (PlaintextCallersState Next, int Count) Forget(
        PlaintextCallersState state, string address, DateTimeOffset now)
    {
        var forgotten = state.Forgotten.SetItem(address, now)
            .Where(f => now - f.Value < SeenCaller.Memory)
            .OrderByDescending(f => f.Value).Take(MaxForgotten)
            .ToImmutableDictionary();
        var proxies = state.Proxies.ToImmutableDictionary(p => p.Key, p => p.Value with
        {
            Callers = p.Value.Callers.RemoveRange(
                p.Value.Callers.Where(c => address.Length == 0 || c.Value.Seen.Address == address).Select(c => c.Key)),
        });
        var next = Bounded(new PlaintextCallersState { Proxies = proxies, Forgotten = forgotten }, now);
        return (next, Count(state, now) - Count(next, now));
    }

    /// <summary>What is remembered now, by identity and node id.</summary>
    public static ImmutableArray<CallerReport> List(PlaintextCallersState state, DateTimeOffset now) =>
        [.. state.Proxies.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => ReportOf(ProxyKey.Parse(p.Key), p.Value, now))];

    private static CallerReport ReportOf(ProxyKey key, WatchingProxy proxy, DateTimeOffset now) => new(
        key.NodeId,
        proxy.Workload,
        proxy.Group,
        proxy.Labels,
        proxy.Run,
        proxy.WatchesSince,
        proxy.HeardAt,
        [
            .. proxy.Callers.Values.Where(c => IsAlive(c, now))
                .Select(c => c.Seen with { Connections = c.Before + c.Seen.Connections })
                .OrderBy(c => c.Port).ThenBy(c => c.Address, StringComparer.Ordinal),
        ],
        proxy.OpenedAt,
        key.SpiffeId);

    private static WatchingProxy Heard(
        WatchingProxy? before, CallerReport report, PlaintextCallersState state, DateTimeOffset now)
    {
        var isSame = before?.Run == report.Run;
        var isLate = before is not null && report.HeardAt < before.HeardAt; // another gateway was quicker
        var callers = before?.Callers ?? ImmutableDictionary<string, CountedCaller>.Empty;
        if (!isSame && !isLate) callers = callers.ToImmutableDictionary(c => c.Key, c => Closed(c.Value));
        foreach (var caller in report.Callers)
        {
            var seen = caller with
            {
                FirstSeen = Earlier(caller.FirstSeen, now),
                LastSeen = Earlier(caller.LastSeen, now),
            };
            if (now - seen.LastSeen >= SeenCaller.Memory || IsForgotten(state, seen)) continue;
            var key = $"{caller.Port}/{caller.Address}";
            var known = callers.GetValueOrDefault(key);
            var fresh = new CountedCaller(seen, 0);
            if (isLate && !isSame) fresh = Closed(fresh);
            callers = callers.SetItem(
                key, known is null ? fresh : isLate ? Spanning(known, seen) : Replaced(known, seen));
        }

        if (isLate) return before! with { Callers = callers };
        return new WatchingProxy(
            report.Workload,
            report.Group,
            report.Labels,
            report.Run,
            isSame ? before!.WatchesSince : Earlier(report.WatchesSince, now),
            Earlier(report.HeardAt, now),
            callers,
            report.OpenedAt);
    }

    private static CountedCaller Replaced(CountedCaller known, SeenCaller seen)
    {
        var (first, last) = (known.Seen.FirstSeen, known.Seen.LastSeen);
        return Spanning(known with { Seen = seen with { FirstSeen = first, LastSeen = last } }, seen);
    }

    private static CountedCaller Spanning(CountedCaller known, SeenCaller seen) => known with
    {
        Seen = known.Seen with
        {
            FirstSeen = Earlier(known.Seen.FirstSeen, seen.FirstSeen),
            LastSeen = known.Seen.LastSeen < seen.LastSeen ? seen.LastSeen : known.Seen.LastSeen,
        },
    };

    // Another start of the sidecar counts anew, and the connections of the former one have ended with it.
    private static CountedCaller Closed(CountedCaller caller) =>
        new(caller.Seen with { Connections = 0, Open = 0 }, caller.Before + caller.Seen.Connections);

    private static PlaintextCallersState Bounded(PlaintextCallersState state, DateTimeOffset now)
    {
        var proxies = state.Proxies
            .Select(p => KeyValuePair.Create(p.Key, Newest(p.Value, now)))
            .Where(p => !p.Value.Callers.IsEmpty || now - p.Value.HeardAt < SeenCaller.Memory)
            .OrderByDescending(p => p.Value.HeardAt).Take(MaxProxies)
            .ToImmutableDictionary();
        if (proxies.Values.Sum(p => p.Callers.Count) > MaxCallersInAll)
        {
            var oldest = proxies.Values.SelectMany(p => p.Callers.Values.Select(c => c.Seen.LastSeen))
                .OrderDescending().ElementAt(MaxCallersInAll);
            proxies = proxies.ToImmutableDictionary(p => p.Key, p => p.Value with
            {
                Callers = p.Value.Callers.RemoveRange(
                    p.Value.Callers.Where(c => c.Value.Seen.LastSeen <= oldest).Select(c => c.Key)),
            });
        }

        return state with { Proxies = proxies };
    }

    private static WatchingProxy Newest(WatchingProxy proxy, DateTimeOffset now) =>
        proxy.Callers.Count <= SeenCaller.MaxOfSidecar && proxy.Callers.Values.All(c => IsAlive(c, now))
            ? proxy
            : proxy with
            {
                Callers = proxy.Callers.Where(c => IsAlive(c.Value, now))
                    .OrderByDescending(c => c.Value.Seen.LastSeen).ThenBy(c => c.Key, StringComparer.Ordinal)
                    .Take(SeenCaller.MaxOfSidecar).ToImmutableDictionary(),
            };

    private static bool HasMoved(WatchingProxy before, WatchingProxy after) =>
        before.Run != after.Run
        || before.OpenedAt != after.OpenedAt // by it is known who watches
        || after.HeardAt - before.HeardAt >= Precision
        || after.Callers.Any(c => !before.Callers.TryGetValue(c.Key, out var known)
            || known.Seen.Demand != c.Value.Seen.Demand
            || c.Value.Seen.LastSeen - known.Seen.LastSeen >= Precision);

    private static bool IsForgotten(PlaintextCallersState state, SeenCaller caller) =>
        (state.Forgotten.TryGetValue(caller.Address, out var one) && caller.LastSeen <= one)
        || (state.Forgotten.TryGetValue("", out var all) && caller.LastSeen <= all);

    private static int Count(PlaintextCallersState state, DateTimeOffset now) =>
        state.Proxies.Values.Sum(p => p.Callers.Values.Count(c => IsAlive(c, now)));

    private static bool IsAlive(CountedCaller caller, DateTimeOffset now) =>
        now - caller.Seen.LastSeen < SeenCaller.Memory;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
