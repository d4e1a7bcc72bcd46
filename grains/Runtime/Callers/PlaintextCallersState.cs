using System.Collections.Immutable;

namespace MeshOrleans.Grains.Callers;

/// <summary>What is saved of who calls the workloads of a namespace without mesh mTLS.</summary>
[GenerateSerializer, Immutable, Alias("mesh.PlaintextCallersState")]
internal sealed record PlaintextCallersState : IExpiringState
{
    /// <summary>What each sidecar has seen, by <see cref="Subscriptions.ProxyKey"/>; by node id what an earlier version was told.</summary>
    [Id(0)] public ImmutableDictionary<string, WatchingProxy> Proxies { get; init; } =
        ImmutableDictionary<string, WatchingProxy>.Empty;

    /// <summary>
    /// Until when what was seen of an address does not count, as it was forgotten; under the empty one for all.
    /// </summary>
    [Id(1)] public ImmutableDictionary<string, DateTimeOffset> Forgotten { get; init; } =
        ImmutableDictionary<string, DateTimeOffset>.Empty;

    /// <inheritdoc/>
    DateTimeOffset? IExpiringState.RemovableFrom =>
        Proxies.Values.Select(proxy => proxy.HeardAt).Concat(Forgotten.Values).DefaultIfEmpty().Max() is var last
        && last != default
            ? last + (2 * SeenCaller.Memory)
            : null;
}

/// <summary>What one sidecar has seen.</summary>
/// <param name="Workload">The name of its workload.</param>
/// <param name="Group">The workload's group.</param>
/// <param name="Labels">The workload's labels.</param>
/// <param name="Run">Its start.</param>
/// <param name="WatchesSince">Since when that one has watched.</param>
/// <param name="HeardAt">When a gateway last heard of it.</param>
/// <param name="Callers">The callers, by port and address.</param>
/// <param name="OpenedAt">When the stream opened on which it last told; the default where that is not known.</param>
[GenerateSerializer, Immutable, Alias("mesh.WatchingProxy")]
internal sealed record WatchingProxy(
    [property: Id(0)] string Workload,
    [property: Id(1)] string Group,
    [property: Id(2)] ImmutableDictionary<string, string> Labels,
    [property: Id(3)] string Run,
    [property: Id(4)] DateTimeOffset WatchesSince,
    [property: Id(5)] DateTimeOffset HeardAt,
    [property: Id(6)] ImmutableDictionary<string, CountedCaller> Callers,
    [property: Id(7)] DateTimeOffset OpenedAt = default);

/// <summary>One caller of one port.</summary>
/// <param name="Seen">As the newest start of the sidecar has told it.</param>
/// <param name="Before">The connections that former starts have seen.</param>
[GenerateSerializer, Immutable, Alias("mesh.CountedCaller")]
internal sealed record CountedCaller([property: Id(0)] SeenCaller Seen, [property: Id(1)] long Before);
