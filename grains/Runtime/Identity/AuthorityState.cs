using System.Collections.Immutable;
using MeshOrleans.Grains.Identity.Revocations;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// What is saved of the authority: its public side. The keys are in the <see cref="IAuthorityKeyStore"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("mesh.AuthorityState")]
internal sealed record AuthorityState : IOwnerState
{
    /// <summary>The roots, PEM, oldest first.</summary>
    [Id(0)] public ImmutableArray<string> RootsPem { get; init; } = [];

    /// <summary>Rises with every change of the roots, and when another one of them signs.</summary>
    [Id(1)] public long Sequence { get; init; }

    /// <inheritdoc/>
    [Id(2)] public OwnedEntries Entries { get; init; } = OwnedEntries.Empty;

    /// <summary>The fingerprint of the root that signs; empty before the first rotation, when there is only one.</summary>
    [Id(3)] public string Signing { get; init; } = "";

    /// <summary>How far a rotation is.</summary>
    [Id(4)] public AuthorityPhase Phase { get; init; }

    /// <summary>Since when; null before the first rotation.</summary>
    [Id(5)] public DateTimeOffset? Since { get; init; }

    /// <summary>When the root that no longer signs leaves; null unless one does.</summary>
    [Id(6)] public DateTimeOffset? LeavesAt { get; init; }

    /// <summary>The longest lifetime that was granted under each root, by fingerprint.</summary>
    [Id(7)] public ImmutableDictionary<string, TimeSpan> Lifetimes { get; init; } =
        ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>Proxies that did not have the root when it began to sign: at most a hundred of them.</summary>
    [Id(8)] public ImmutableArray<string> Missed { get; init; } = [];

    /// <summary>How many there were.</summary>
    [Id(9)] public int MissedCount { get; init; }

    /// <summary>The fingerprints of the plugged-in signing certificates that were taken over, oldest first.</summary>
    [Id(10)] public ImmutableArray<string> Plugged { get; init; } = [];

    /// <summary>How much time of this phase some silo has seen pass itself; see <see cref="PhaseTime"/>.</summary>
    [Id(11)] public TimeSpan Seen { get; init; }

    /// <summary>Whether it was turned back: the root that leaves is the newer one.</summary>
    [Id(12)] public bool IsTurnedBack { get; init; }

    /// <summary>
    /// The longest lifetime that was really granted under each root, by fingerprint: <see cref="Lifetimes"/> may have one that is
    /// only assumed.
    /// </summary>
    [Id(13)] public ImmutableDictionary<string, TimeSpan> Noted { get; init; } =
        ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>
    /// How long a root without a link is published at the least, fixed when that began; null of a rotation from before it was.
    /// </summary>
    [Id(14)] public TimeSpan? PublishedFor { get; init; }

    /// <summary>The certificates that an operator has revoked, in that order.</summary>
    [Id(15)] public ImmutableArray<RevocationRecord> Revoked { get; init; } = [];

    /// <summary>The lists of revoked certificates that the operator has plugged in, PEM, one each.</summary>
    [Id(16)] public ImmutableArray<string> PluggedCrls { get; init; } = [];

    /// <summary>The last lists of signing certificates whose keys are gone, PEM, oldest first.</summary>
    [Id(17)] public ImmutableArray<string> FormerCrls { get; init; } = [];

    /// <summary>The lists that everybody is told of, PEM.</summary>
    [Id(18)] public ImmutableArray<string> Crls { get; init; } = [];

    /// <summary>The number of the newest list: each has a greater one.</summary>
    [Id(19)] public long CrlNumber { get; init; }

    /// <summary>What <see cref="Crls"/> were made from; empty when there are none.</summary>
    [Id(20)] public string CrlBasis { get; init; } = "";

    /// <summary>The state in which these are the roots; the very same when they were.</summary>
    public AuthorityState WithRoots(TrustDomain domain, ImmutableArray<string> rootsPem) =>
        rootsPem.SequenceEqual(RootsPem, StringComparer.Ordinal)
            ? this
            : (this with { RootsPem = rootsPem }).Told(domain);

    /// <summary>The state with a higher sequence, of which everybody is told.</summary>
    public AuthorityState Told(TrustDomain domain) => (this with { Sequence = Sequence + 1 }).Published(domain);

    /// <summary>
    /// The state in which these are the lists that everybody is told of. The sequence stays: it says which roots somebody has.
    /// </summary>
    public AuthorityState WithLists(TrustDomain domain, ImmutableArray<string> crls) =>
        (this with { Crls = crls }).Published(domain);

    private AuthorityState Published(TrustDomain domain)
    {
        var bundle = new TrustBundle(domain, RootsPem, Sequence, IsLocal: true) { CrlsPem = Crls };
        return this with { Entries = Entries.Put(SnapshotKey.Trust + domain, SnapshotPayload.Write(bundle)) };
    }
}
