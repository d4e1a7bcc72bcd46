using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>The certificates and private keys of one authority, all PEM (keys as PKCS#8).</summary>
/// <param name="RootCertificate">The self-signed root.</param>
/// <param name="RootKey">
/// Its key: signs signing certificates only. Empty where it is somebody else's: then nobody here renews the signing
/// certificate.
/// </param>
/// <param name="SigningCertificate">The intermediate that signs leaves.</param>
/// <param name="SigningKey">Its key.</param>
/// <param name="Intermediates">
/// What leads from the signing certificate to the root, nearest first; empty when it is next.
/// </param>
/// <param name="Link">
/// This root's name and key, certified by the root before it: by it those follow who know that one only. Empty when there
/// is none.
/// </param>
public sealed record AuthorityMaterial(
    string RootCertificate,
    SecretText RootKey,
    string SigningCertificate,
    SecretText SigningKey,
    string Intermediates = "",
    string Link = "")
{
    /// <summary>What an authority is known by: SHA-256 of its root certificate, lower-case hex.</summary>
    public string Fingerprint => FingerprintOf(RootCertificate);

    /// <summary>SHA-256 of a certificate, lower-case hex.</summary>
    public static string FingerprintOf(string certificatePem)
    {
        using var certificate = X509Certificate2.CreateFromPem(certificatePem);
        return certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
    }

    /// <summary>Says nothing of the keys.</summary>
    public override string ToString() => "AuthorityMaterial { keys withheld }";
}

/// <summary>
/// The two places for an authority: the one in use, and beside it the one that is to follow, or the one that leaves.
/// </summary>
/// <param name="First">The older one; it signs unless the authority's state says otherwise.</param>
/// <param name="Second">The newer one; null when there is none.</param>
public sealed record AuthorityKeys(AuthorityMaterial First, AuthorityMaterial? Second = null)
{
    /// <summary>One, or both.</summary>
    public IEnumerable<AuthorityMaterial> All => Second is null ? [First] : [First, Second];

    /// <summary>The authority with a root; null when it is not here.</summary>
    public AuthorityMaterial? Find(string fingerprint) =>
        First.Fingerprint == fingerprint ? First
        : Second?.Fingerprint == fingerprint ? Second
        : null;

    /// <summary>The same with one authority as it is now.</summary>
    public AuthorityKeys With(AuthorityMaterial held, AuthorityMaterial next) =>
        First == held ? this with { First = next } : this with { Second = next };

    /// <summary>Clears the memory of the keys, but not of those that others share with them.</summary>
    /// <param name="others">Who goes on to use some of the very same; null when nobody does.</param>
    public void Clear(AuthorityKeys? others = null)
    {
        var kept = others?.Texts().ToArray() ?? [];
        foreach (var text in Texts())
        {
            if (!kept.Any(other => ReferenceEquals(other, text))) text.Dispose();
        }
    }

    /// <summary>Says nothing of the keys.</summary>
    public override string ToString() => "AuthorityKeys { withheld }";

    private IEnumerable<SecretText> Texts() => Second is null
        ? [First.RootKey, First.SigningKey]
        : [First.RootKey, First.SigningKey, Second.RootKey, Second.SigningKey];
}
