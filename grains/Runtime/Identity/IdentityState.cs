using System.Collections.Immutable;

namespace MeshOrleans.Grains.Identity;

/// <summary>What is saved of a part of an identity; former versions saved all of it as one.</summary>
[GenerateSerializer, Immutable, Alias("mesh.IdentityState")]
internal sealed record IdentityState : IOwnerState
{
    /// <summary>Rises when an operator asks for a rotation.</summary>
    [Id(0)] public long Generation { get; init; }

    /// <summary>The certificate in use at each node.</summary>
    [Id(1)] public ImmutableDictionary<string, CertificateView> Certificates { get; init; } =
        ImmutableDictionary<string, CertificateView>.Empty;

    /// <inheritdoc/>
    [Id(2)] public OwnedEntries Entries { get; init; } = OwnedEntries.Empty;

    /// <summary>The requests that are remembered, oldest first; see <see cref="IssueMachine"/>.</summary>
    [Id(3)] public ImmutableArray<IssueRecord> Requests { get; init; } = [];

    /// <summary>
    /// The nodes that have proved what they are without a certificate; see <see cref="AttestationMachine"/>.
    /// </summary>
    [Id(4)] public ImmutableDictionary<string, AttestedNode> Attested { get; init; } =
        ImmutableDictionary<string, AttestedNode>.Empty;

    /// <summary>
    /// The certificates that were replaced, or have ended, and are good for renewal still, oldest first of each node; see
    /// <see cref="FormerMachine"/>.
    /// </summary>
    [Id(5)] public ImmutableArray<FormerCertificate> Former { get; init; } = [];
}
