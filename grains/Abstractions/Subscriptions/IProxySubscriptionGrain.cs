using System.Collections.Immutable;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>
/// The subscriptions of a share of all proxies (<see cref="ProxyShares"/>): who each is, which stream is its newest, what
/// it holds. Key: a share's. Calls nobody.
/// </summary>
[Alias("mesh.IProxySubscriptionGrain")]
public interface IProxySubscriptionGrain : IGrainWithStringKey
{
    /// <summary>What a gateway has to tell of its streams; an empty report asks whether all is remembered.</summary>
    /// <param name="gateway">The gateway process, by its name in the gateway directory.</param>
    /// <param name="news">Only streams of proxies of this share, each at most once.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    [Alias("Tell")]
    Task<SubscriptionAnswer> TellAsync(
        string gateway, ImmutableArray<StreamNews> news, CancellationToken cancellationToken);

    /// <summary>
    /// A later revision changes nothing for the streams of a gateway: those that stood in step at the one now stand at the
    /// other.
    /// </summary>
    /// <param name="gateway">The gateway process, by its name in the gateway directory.</param>
    /// <param name="from">The revision that they were told to stand at (<see cref="SubscriptionStep"/>).</param>
    /// <param name="to">The one that they stand at now.</param>
    /// <param name="except">
    /// Proxies (<see cref="ProxyKey"/>) whose streams have not come as far yet, although they stood at the first.
    /// </param>
    /// <param name="cancellationToken">Gives the call up.</param>
    [Alias("Raise")]
    Task<RaiseAnswer> RaiseAsync(
        string gateway, long from, long to, ImmutableArray<string> except, CancellationToken cancellationToken);

    /// <summary>Every proxy of this share that is or was connected, by node id and identity.</summary>
    [AlwaysInterleave, Alias("List")]
    Task<ImmutableArray<ProxyView>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Who of this share has the mesh's roots as they are.</summary>
    /// <param name="sequence">Their sequence.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    [AlwaysInterleave, Alias("FindTrust")]
    Task<TrustStanding> FindTrustAsync(long sequence, CancellationToken cancellationToken);
}

/// <summary>Who has the mesh's roots. Proxies that are not sent any, as their roots are files, are not among them.</summary>
/// <param name="Holding">How many have them.</param>
/// <param name="Lagging">Who has older ones, by node id.</param>
[GenerateSerializer, Immutable, Alias("mesh.TrustStanding")]
public sealed record TrustStanding(
    [property: Id(0)] int Holding, [property: Id(1)] ImmutableArray<LaggingProxy> Lagging);

/// <summary>A proxy that has older roots.</summary>
/// <param name="NodeId">Its node id.</param>
/// <param name="Connected">Whether its newest stream is open.</param>
/// <param name="Gateway">The gateway process that holds, or held, it.</param>
[GenerateSerializer, Immutable, Alias("mesh.LaggingProxy")]
public sealed record LaggingProxy(
    [property: Id(0)] string NodeId, [property: Id(1)] bool Connected, [property: Id(2)] string Gateway);

/// <summary>What changed on a stream since it was last told.</summary>
/// <param name="NodeId">What its client calls its node.</param>
/// <param name="OpenedAt">When the stream opened: of two streams of one proxy the later one counts.</param>
/// <param name="Connection">Who it is; null when that was told before.</param>
/// <param name="Types">The types that changed.</param>
/// <param name="Revision">
/// The configuration revision that every type in step now reflects; 0 when that has not changed.
/// </param>
/// <param name="IsClosed">The stream has ended.</param>
/// <param name="HasScope">Whether <paramref name="Scope"/> is news.</param>
/// <param name="Scope">The hosts that the proxy is told of; null for everything it may see.</param>
/// <param name="TrustSequence">
/// The <see cref="Identity.AuthorityBundle.Sequence"/> of the roots that the proxy has taken over; 0 when none is known.
/// </param>
/// <param name="Gone">Types, by URL, that are no longer subscribed; none by default.</param>
/// <param name="StillOpen">
/// Of one that has ended: when the newest stream of its proxy that is still open at the gateway opened; null when none is.
/// </param>
/// <param name="SpiffeId">
/// The client's identity, empty for one without, which with the node says whose it is (<see cref="ProxyKey"/>); null where an earlier
/// version's gateway tells it.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.StreamNews")]
public sealed record StreamNews(
    [property: Id(0)] string NodeId,
    [property: Id(1)] DateTimeOffset OpenedAt,
    [property: Id(2)] ProxyConnection? Connection,
    [property: Id(3)] ImmutableArray<SubscriptionReport> Types,
    [property: Id(4)] long Revision,
    [property: Id(5)] bool IsClosed,
    [property: Id(6)] bool HasScope = false,
    [property: Id(7)] AutomaticScope? Scope = null,
    [property: Id(8)] long TrustSequence = 0,
    [property: Id(9)] ImmutableArray<string> Gone = default,
    [property: Id(10)] DateTimeOffset? StillOpen = null,
    [property: Id(11)] string? SpiffeId = null);

/// <summary>What became of a report.</summary>
/// <param name="IsFirst">
/// The activation hears this gateway for the first time: what was told to one before it may be lost.
/// </param>
/// <param name="Standings">How each stream stands, in the order of the report.</param>
/// <param name="Held">Of how many proxies the newest stream is an open one of the gateway; null when that is not said.</param>
[GenerateSerializer, Immutable, Alias("mesh.SubscriptionAnswer")]
public sealed record SubscriptionAnswer(
    [property: Id(0)] bool IsFirst,
    [property: Id(1)] ImmutableArray<StreamStanding> Standings,
    [property: Id(2)] int? Held = null);

/// <summary>What became of a raise.</summary>
/// <param name="IsFirst">
/// The activation hears this gateway for the first time: what was told to one before it may be lost.
/// </param>
/// <param name="Raised">How many proxies stand at the later revision by it.</param>
[GenerateSerializer, Immutable, Alias("mesh.RaiseAnswer")]
public sealed record RaiseAnswer([property: Id(0)] bool IsFirst, [property: Id(1)] int Raised);

/// <summary>How a stream stands at the subscription of its proxy.</summary>
[GenerateSerializer, Alias("mesh.StreamStanding")]
public enum StreamStanding
{
    /// <summary>It is the proxy's newest; what was told has been taken over.</summary>
    Newest,

    /// <summary>It is not known: all of it must be told.</summary>
    Unknown,

    /// <summary>A later stream of the proxy is open; what was told has been passed over.</summary>
    Superseded,
}

/// <summary>Who connected.</summary>
/// <param name="Gateway">The gateway process that holds the stream, by its name in the gateway directory.</param>
/// <param name="SpiffeId">The authenticated identity; empty on the plaintext port.</param>
/// <param name="Namespace">The proxy's namespace.</param>
/// <param name="Address">The proxy's address.</param>
/// <param name="Labels">The workload's labels.</param>
/// <param name="UserAgent">The client's name and version.</param>
[GenerateSerializer, Immutable, Alias("mesh.ProxyConnection")]
public sealed record ProxyConnection(
    [property: Id(0)] string Gateway,
    [property: Id(1)] string SpiffeId,
    [property: Id(2)] string Namespace,
    [property: Id(3)] string Address,
    [property: Id(4)] ImmutableDictionary<string, string> Labels,
    [property: Id(5)] string UserAgent);

/// <summary>How one resource type stands at a proxy.</summary>
[GenerateSerializer, Alias("mesh.SubscriptionState")]
public enum SubscriptionState
{
    /// <summary>Sent, not answered yet.</summary>
    Pending,

    /// <summary>The proxy holds what the control plane last sent.</summary>
    Synced,

    /// <summary>The proxy refused what was last sent and keeps what it had.</summary>
    Nacked,

    /// <summary>The proxy's stream is gone.</summary>
    Disconnected,
}

/// <summary>One resource type's state.</summary>
/// <param name="TypeUrl">The type.</param>
/// <param name="State">How it stands.</param>
/// <param name="SentVersion">VersionInfo last sent.</param>
/// <param name="AckedVersion">VersionInfo last acknowledged.</param>
/// <param name="Revision">The configuration revision that the acknowledged content reflects.</param>
/// <param name="NackMessage">The proxy's own words; empty unless refused.</param>
/// <param name="Since">Since when it has been in this state.</param>
[GenerateSerializer, Immutable, Alias("mesh.SubscriptionReport")]
public sealed record SubscriptionReport(
    [property: Id(0)] string TypeUrl,
    [property: Id(1)] SubscriptionState State,
    [property: Id(2)] string SentVersion,
    [property: Id(3)] string AckedVersion,
    [property: Id(4)] long Revision,
    [property: Id(5)] string NackMessage,
    [property: Id(6)] DateTimeOffset Since);

/// <summary>What a proxy is told of where the mesh scopes automatically.</summary>
/// <param name="Hosts">The hosts that its workload has called, in order.</param>
[GenerateSerializer, Immutable, Alias("mesh.AutomaticScope")]
public sealed record AutomaticScope([property: Id(0)] ImmutableArray<string> Hosts);

/// <summary>A proxy as it stands.</summary>
/// <param name="NodeId">Its node id.</param>
/// <param name="Connection">Who it is.</param>
/// <param name="Connected">Whether its newest stream is open.</param>
/// <param name="Since">Since when it has been connected, or not.</param>
/// <param name="Types">Its resource types, by TypeUrl.</param>
/// <param name="Scope">The hosts it is told of; null when it is told of everything it may see.</param>
[GenerateSerializer, Immutable, Alias("mesh.ProxyView")]
public sealed record ProxyView(
    [property: Id(0)] string NodeId,
    [property: Id(1)] ProxyConnection Connection,
    [property: Id(2)] bool Connected,
    [property: Id(3)] DateTimeOffset Since,
    [property: Id(4)] ImmutableArray<SubscriptionReport> Types,
    [property: Id(5)] AutomaticScope? Scope = null);
