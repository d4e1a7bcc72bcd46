using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Snapshots;

/// <summary>
/// Everything the mesh knows at one instant, immutable: what translation, evaluation and every listing read. It is made
/// by applying the entries that the owners published, in the order of their versions.
/// </summary>
public sealed record MeshSnapshot
{
    /// <summary>Nothing known yet.</summary>
    public static MeshSnapshot Empty { get; } = new();

    /// <summary>How far this snapshot has followed.</summary>
    public SnapshotVersion Version { get; init; } = SnapshotVersion.None;

    /// <summary>Accepted configuration by key.</summary>
    public ImmutableSortedDictionary<ConfigKey, ConfigResource> Config { get; init; } =
        ImmutableSortedDictionary<ConfigKey, ConfigResource>.Empty;

    /// <summary>Registered members by <c>namespace/name</c>.</summary>
    public ImmutableSortedDictionary<string, Workload> Workloads { get; init; } =
        ImmutableSortedDictionary.Create<string, Workload>(StringComparer.Ordinal);

    /// <summary>Trust bundles by trust domain name.</summary>
    public ImmutableSortedDictionary<string, TrustBundle> Bundles { get; init; } =
        ImmutableSortedDictionary.Create<string, TrustBundle>(StringComparer.Ordinal);

    /// <summary>Certificates in use by <c>spiffe-id</c> and node.</summary>
    public ImmutableSortedDictionary<string, IdentityRecord> Identities { get; init; } =
        ImmutableSortedDictionary.Create<string, IdentityRecord>(StringComparer.Ordinal);

    /// <summary>Federation links by name.</summary>
    public ImmutableSortedDictionary<string, PeerRecord> Peers { get; init; } =
        ImmutableSortedDictionary.Create<string, PeerRecord>(StringComparer.Ordinal);

    /// <summary>Imported services by <c>peer/namespace/name</c>.</summary>
    public ImmutableSortedDictionary<string, ImportedService> Imports { get; init; } =
        ImmutableSortedDictionary.Create<string, ImportedService>(StringComparer.Ordinal);

    /// <summary>Fetched public keys of issuers, each set as JSON text, by the address that they come from.</summary>
    public ImmutableSortedDictionary<string, string> KeySets { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>How fetching keys stands, by the same addresses.</summary>
    public ImmutableSortedDictionary<string, IssuerRecord> Issuers { get; init; } =
        ImmutableSortedDictionary.Create<string, IssuerRecord>(StringComparer.Ordinal);

    /// <summary>The mesh's settings: those of the MeshConfig that counts, or the defaults.</summary>
    public MeshConfig Settings =>
        Config.GetValueOrDefault(MeshConfig.Key)?.Spec as MeshConfig ?? MeshConfig.Default;

    /// <summary>This mesh's own bundle; null until the authority has published it.</summary>
    public TrustBundle? LocalBundle => Bundles.Values.FirstOrDefault(b => b.IsLocal);

    /// <summary>The resources whose spec is a <typeparamref name="TSpec"/>, in key order.</summary>
    public IEnumerable<(ConfigResource Resource, TSpec Spec)> Of<TSpec>()
        where TSpec : ConfigSpec
    {
        foreach (var resource in Config.Values)
        {
            if (resource.Spec is TSpec spec) yield return (resource, spec);
        }
    }

    /// <summary>The snapshot with one entry put in place.</summary>
    /// <exception cref="FormatException">The key or the payload is none that this version knows.</exception>
    public MeshSnapshot Put(string key, string payload) => Split(key) switch
    {
        (SnapshotKey.Config, var rest) =>
            this with { Config = Config.SetItem(ConfigKey.Parse(rest), SnapshotPayload.ReadConfig(payload)) },
        (SnapshotKey.Workload, var rest) =>
            this with { Workloads = Workloads.SetItem(rest, SnapshotPayload.ReadWorkload(payload)) },
        (SnapshotKey.Trust, var rest) =>
            this with { Bundles = Bundles.SetItem(rest, SnapshotPayload.ReadBundle(payload)) },
        (SnapshotKey.Identity, var rest) =>
            this with { Identities = Identities.SetItem(rest, SnapshotPayload.ReadIdentity(payload)) },
        (SnapshotKey.Peer, var rest) =>
            this with { Peers = Peers.SetItem(rest, SnapshotPayload.ReadPeer(payload)) },
        (SnapshotKey.Import, var rest) =>
            this with { Imports = Imports.SetItem(rest, SnapshotPayload.ReadImport(payload)) },
        (SnapshotKey.KeySet, var rest) => this with { KeySets = KeySets.SetItem(rest, payload) },
        (SnapshotKey.Issuer, var rest) =>
            this with { Issuers = Issuers.SetItem(rest, SnapshotPayload.ReadIssuer(payload)) },
        _ => throw new FormatException($"'{key}' names no entry of the mesh snapshot."),
    };

    /// <summary>The snapshot without one entry; removing what is not there changes nothing.</summary>
    /// <exception cref="FormatException">The key is none that this version knows.</exception>
    public MeshSnapshot Remove(string key) => Split(key) switch
    {
        (SnapshotKey.Config, var rest) => this with { Config = Config.Remove(ConfigKey.Parse(rest)) },
        (SnapshotKey.Workload, var rest) => this with { Workloads = Workloads.Remove(rest) },
        (SnapshotKey.Trust, var rest) => this with { Bundles = Bundles.Remove(rest) },
        (SnapshotKey.Identity, var rest) => this with { Identities = Identities.Remove(rest) },
        (SnapshotKey.Peer, var rest) => this with { Peers = Peers.Remove(rest) },
        (SnapshotKey.Import, var rest) => this with { Imports = Imports.Remove(rest) },
        (SnapshotKey.KeySet, var rest) => this with { KeySets = KeySets.Remove(rest) },
        (SnapshotKey.Issuer, var rest) => this with { Issuers = Issuers.Remove(rest) },
        _ => throw new FormatException($"'{key}' names no entry of the mesh snapshot."),
    };

    private static (string Category, string Name) Split(string key)
    {
        var slash = key.IndexOf('/') + 1;
        return (key[..slash], key[slash..]);
    }
}
