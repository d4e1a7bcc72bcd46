namespace MeshOrleans.Grains.Identity;

/// <summary>Where the authority's keys are kept: outside grain storage, readable by the control plane alone.</summary>
public interface IAuthorityKeyStore
{
    /// <summary>Reads the keys; null when there are none yet.</summary>
    /// <exception cref="FormatException">
    /// What is stored is no complete set of keys; it must be repaired, not replaced.
    /// </exception>
    Task<AuthorityMaterial?> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Saves the first keys, durably, unless somebody was first.</summary>
    /// <returns>The keys that are stored now: these, or those of whoever was first.</returns>
    Task<AuthorityMaterial> CreateAsync(AuthorityMaterial material, CancellationToken cancellationToken);

    /// <summary>Replaces the signing certificate and its key, durably, unless somebody was first; the root stays.</summary>
    /// <param name="held">The keys that are replaced.</param>
    /// <param name="next">The keys that take their place.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The keys that are stored now: the next, or those of whoever was first.</returns>
    Task<AuthorityMaterial> ReplaceSignerAsync(
        AuthorityMaterial held, AuthorityMaterial next, CancellationToken cancellationToken);
}

/// <summary>The authority's certificates and private keys, all PEM (keys as PKCS#8).</summary>
/// <param name="RootCertificate">The self-signed root.</param>
/// <param name="RootKey">Its key: signs signing certificates only.</param>
/// <param name="SigningCertificate">The intermediate that signs leaves.</param>
/// <param name="SigningKey">Its key.</param>
public sealed record AuthorityMaterial(
    string RootCertificate,
    string RootKey,
    string SigningCertificate,
    string SigningKey)
{
    /// <summary>Says nothing of the keys.</summary>
    public override string ToString() => "AuthorityMaterial { keys withheld }";
}
