using System.Collections.Immutable;

namespace MeshOrleans.Silo.Access;

/// <summary>A Kubernetes cluster whose service accounts prove who they are by their projected tokens.</summary>
/// <param name="Name">What it is called in messages and in the audit trail.</param>
/// <param name="Issuer">The issuer of its tokens; its keys are not asked for where a review decides.</param>
/// <param name="Review">The API server that decides; null where the tokens are verified here.</param>
/// <param name="Namespaces">Whose service accounts may join; empty for all.</param>
/// <param name="Reattests">Whether a member that has had a certificate before may have another one by it.</param>
/// <param name="GrantsRoles">Whether it is proof enough for identities that have roles at the API.</param>
internal sealed record ClusterAttestation(
    string Name,
    TrustedIssuer Issuer,
    ReviewServer? Review,
    ImmutableArray<string> Namespaces,
    bool Reattests,
    bool GrantsRoles);

/// <summary>An API server that reviews tokens.</summary>
/// <param name="Address">Its URL.</param>
/// <param name="CaFile">Whom to believe there; empty for the roots of the machine.</param>
/// <param name="TokenFile">The credential that may review tokens; read for each review, as it is replaced every hour.</param>
internal sealed record ReviewServer(string Address, string CaFile, string TokenFile);
