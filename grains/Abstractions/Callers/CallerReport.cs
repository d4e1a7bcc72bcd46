using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Grains.Callers;

/// <summary>What a workload port demanded of its callers.</summary>
[GenerateSerializer, Alias("mesh.CallerDemand")]
public enum CallerDemand
{
    /// <summary>Mesh mTLS: the caller was refused.</summary>
    Strict,

    /// <summary>Nothing; mesh mTLS was taken too.</summary>
    Permissive,

    /// <summary>Plaintext: even a caller that could have used mesh mTLS did not.</summary>
    Disable,
}

/// <summary>Who has connected to a workload port without mesh mTLS.</summary>
/// <param name="Port">The workload port.</param>
/// <param name="Address">The caller's literal IP address.</param>
/// <param name="Demand">What the port demanded when the caller last came.</param>
/// <param name="IsTls">The last connection was TLS, but not the mesh's.</param>
/// <param name="Connections">How many connections were seen.</param>
/// <param name="Open">How many of them were open when that was told.</param>
/// <param name="FirstSeen">When it first came.</param>
/// <param name="LastSeen">When it last came or was still there.</param>
[GenerateSerializer, Immutable, Alias("mesh.SeenCaller")]
public sealed record SeenCaller(
    [property: Id(0)] int Port,
    [property: Id(1)] string Address,
    [property: Id(2)] CallerDemand Demand,
    [property: Id(3)] bool IsTls,
    [property: Id(4)] long Connections,
    [property: Id(5)] int Open,
    [property: Id(6)] DateTimeOffset FirstSeen,
    [property: Id(7)] DateTimeOffset LastSeen)
{
    /// <summary>The most callers that are remembered of one sidecar; who came longest ago goes first.</summary>
    /// <value>256.</value>
    public const int MaxOfSidecar = 256;

    /// <summary>For how long a caller is remembered that does not come again: a weekly job is among them.</summary>
    /// <value>8 days.</value>
    public static TimeSpan Memory { get; } = TimeSpan.FromDays(8);
}

/// <summary>What one sidecar has seen.</summary>
/// <param name="NodeId">Its node id.</param>
/// <param name="Workload">The name of its workload; empty when it has none.</param>
/// <param name="Group">The workload's group; empty when it has none.</param>
/// <param name="Labels">The workload's labels.</param>
/// <param name="Run">Names the sidecar's start: the counts of another one begin anew.</param>
/// <param name="WatchesSince">Since when it has watched.</param>
/// <param name="HeardAt">When the gateway was told.</param>
/// <param name="Callers">
/// In a report the callers of which there is news; in a listing all that are remembered, also of former starts.
/// </param>
/// <param name="OpenedAt">
/// When the stream opened on which it was told, as the gateway tells of that stream elsewhere; the default where the
/// gateway does not say.
/// </param>
/// <param name="SpiffeId">Its identity; empty where an earlier version's gateway has told it.</param>
[GenerateSerializer, Immutable, Alias("mesh.CallerReport")]
public sealed record CallerReport(
    [property: Id(0)] string NodeId,
    [property: Id(1)] string Workload,
    [property: Id(2)] string Group,
    [property: Id(3)] ImmutableDictionary<string, string> Labels,
    [property: Id(4)] string Run,
    [property: Id(5)] DateTimeOffset WatchesSince,
    [property: Id(6)] DateTimeOffset HeardAt,
    [property: Id(7)] ImmutableArray<SeenCaller> Callers,
    [property: Id(8)] DateTimeOffset OpenedAt = default,
    [property: Id(9)] string SpiffeId = "")
{
    /// <summary>Whose it is.</summary>
    public ProxyKey Proxy => new(SpiffeId, NodeId);
}
