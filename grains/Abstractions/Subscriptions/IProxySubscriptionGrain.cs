using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>
/// One proxy's subscription: who it is, which stream is its newest, what it holds. Key: the node id. Calls nobody.
/// </summary>
[Alias("mesh.IProxySubscriptionGrain")]
public interface IProxySubscriptionGrain : IGrainWithStringKey
{
    /// <summary>A stream of this node opened.</summary>
    /// <returns>The epoch of the stream. The newest wins: reports of an older epoch are passed over.</returns>
    [Alias("Connect")]
    Task<long> ConnectAsync(ProxyConnection connection, CancellationToken cancellationToken);

    /// <summary>What changed since the last report. False when a newer stream has taken over.</summary>
    [Alias("Report")]
    Task<bool> ReportAsync(
        long streamEpoch, ImmutableArray<SubscriptionReport> reports, CancellationToken cancellationToken);

    /// <summary>
    /// What the proxy is told of now: some hosts, or null for everything it may see. False when a newer stream has taken
    /// over.
    /// </summary>
    [Alias("ReportScope")]
    Task<bool> ReportScopeAsync(long streamEpoch, AutomaticScope? scope, CancellationToken cancellationToken);

    /// <summary>The stream ended.</summary>
    [Alias("Disconnect")]
    Task DisconnectAsync(long streamEpoch, CancellationToken cancellationToken);

    /// <summary>What is known; null when the node never connected.</summary>
    [Alias("Find")]
    Task<ProxyView?> FindAsync(CancellationToken cancellationToken);
}

/// <summary>Every node that is or was connected. Key: <see cref="MeshKeys.Default"/>. Calls nobody.</summary>
[Alias("mesh.IProxyDirectoryGrain")]
public interface IProxyDirectoryGrain : IGrainWithStringKey
{
    /// <summary>Adds a node; adding one twice changes nothing.</summary>
    [Alias("Add")]
    Task AddAsync(string nodeId, CancellationToken cancellationToken);

    /// <summary>Forgets a node.</summary>
    [Alias("Remove")]
    Task RemoveAsync(string nodeId, CancellationToken cancellationToken);

    /// <summary>All node ids, in order.</summary>
    [Alias("List")]
    Task<ImmutableArray<string>> ListAsync(CancellationToken cancellationToken);
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
