using System.Collections.Immutable;
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

    /// <summary>Rises with every change of the roots.</summary>
    [Id(1)] public long Sequence { get; init; }

    /// <inheritdoc/>
    [Id(2)] public OwnedEntries Entries { get; init; } = OwnedEntries.Empty;

    /// <summary>The state in which these are the roots; the very same when they were.</summary>
    public AuthorityState WithRoots(TrustDomain domain, ImmutableArray<string> rootsPem)
    {
        if (rootsPem.SequenceEqual(RootsPem, StringComparer.Ordinal)) return this;
        var bundle = new TrustBundle(domain, rootsPem, Sequence + 1, IsLocal: true);
        return new AuthorityState
        {
            RootsPem = rootsPem,
            Sequence = bundle.Sequence,
            Entries = Entries.Put(SnapshotKey.Trust + domain, SnapshotPayload.Write(bundle)),
        };
    }
}
