namespace MeshOrleans.Model.Snapshots;

/// <summary>What the mesh tells about one certificate in use. Public facts only: no key, no token.</summary>
/// <param name="SpiffeId">Whose certificate it is.</param>
/// <param name="NodeId">The proxy or process that holds the key; one identity may have several.</param>
/// <param name="Serial">The serial number, upper-case hex.</param>
/// <param name="Issuer">The subject of the signing certificate.</param>
/// <param name="NotBefore">Start of validity.</param>
/// <param name="NotAfter">End of validity.</param>
/// <param name="RotateAt">When the next one is due: half-life with the jitter drawn at issuance.</param>
/// <param name="Generation">
/// Rises when an operator asks for a rotation; a certificate of an older one is due.
/// </param>
/// <param name="IssuedAt">When it was signed; null where that is not known.</param>
/// <param name="Root">SHA-256 of the root that it leads to, lower-case hex; empty where that is not known.</param>
/// <param name="CertificateGeneration">The generation that this certificate is of; null for the newest.</param>
/// <param name="DueAt">When a certificate of an older generation is due; null for at once.</param>
public sealed record IdentityRecord(
    string SpiffeId,
    string NodeId,
    string Serial,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    DateTimeOffset RotateAt,
    long Generation,
    DateTimeOffset? IssuedAt = null,
    string Root = "",
    long? CertificateGeneration = null,
    DateTimeOffset? DueAt = null)
{
    /// <summary>Whether an operator's rotation has yet to come to it.</summary>
    public bool IsOutOfDate => CertificateGeneration < Generation;
}
