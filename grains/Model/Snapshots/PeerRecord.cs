using System.Collections.Immutable;

namespace MeshOrleans.Model.Snapshots;

/// <summary>One federation link as the mesh sees it.</summary>
/// <param name="Name">The local name of the other mesh.</param>
/// <param name="TrustDomain">The other mesh's trust domain.</param>
/// <param name="Address">Where its control plane answers, as a URI.</param>
/// <param name="LastSync">When its exports were last read in full; null before the first time.</param>
/// <param name="Error">Why the last attempt failed; null when it succeeded.</param>
/// <param name="Imported">The services it exports to us, as <c>namespace/name</c>.</param>
public sealed record PeerRecord(
    string Name,
    string TrustDomain,
    string Address,
    DateTimeOffset? LastSync,
    string? Error,
    ImmutableArray<string> Imported);
