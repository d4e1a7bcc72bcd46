using System.Collections.Immutable;

namespace MeshOrleans.Grains.Scopes;

/// <summary>Decides which called hosts are remembered.</summary>
internal static class WorkloadScopeMachine
{
    /// <summary>The most hosts that are kept; those asked for longest ago go first.</summary>
    public const int MaxHosts = 1_000;

    private const int MaxHost = 256;

    /// <summary>After how long a host is forgotten for which nobody asks.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromDays(30);

    /// <summary>A host that was noted within this time is not written down again.</summary>
    public static TimeSpan Precision { get; } = TimeSpan.FromDays(1);

    /// <summary>The hosts that count now, in order.</summary>
    public static ImmutableArray<string> Recall(WorkloadScopeState state, DateTimeOffset now) =>
        [.. state.Hosts.Where(h => IsAlive(h.Value, now)).Select(h => h.Key).Order(StringComparer.Ordinal)];

    /// <summary>Notes hosts; the very same state when there is nothing to be written down.</summary>
    public static WorkloadScopeState Remember(
        WorkloadScopeState state, ImmutableArray<string> hosts, DateTimeOffset now)
    {
        var noted = hosts.Where(h => h.Length is > 0 and <= MaxHost && !IsFresh(state, h, now)).Distinct().ToList();
        if (noted.Count == 0) return state;
        var next = state.Hosts.SetItems(noted.Select(h => KeyValuePair.Create(h, now)));
        return new WorkloadScopeState
        {
            Hosts = next
                .Where(h => IsAlive(h.Value, now))
                .OrderByDescending(h => h.Value).ThenBy(h => h.Key, StringComparer.Ordinal)
                .Take(MaxHosts)
                .ToImmutableDictionary(),
        };
    }

    private static bool IsFresh(WorkloadScopeState state, string host, DateTimeOffset now) =>
        state.Hosts.TryGetValue(host, out var at) && now - at < Precision;

    private static bool IsAlive(DateTimeOffset at, DateTimeOffset now) => now - at < Lifetime;
}
