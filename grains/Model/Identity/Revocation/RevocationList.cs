using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>One list of revoked certificates (CRL), as it was read; who has signed it is not proved by that.</summary>
/// <remarks>Source: RFC 5280 section 5.</remarks>
public sealed class RevocationList
{
    /// <summary>The label of its PEM.</summary>
    public const string PemLabel = "X509 CRL";

    /// <summary>The issuer's name, DER.</summary>
    public required ReadOnlyMemory<byte> Issuer { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset ThisUpdate { get; init; }

    /// <summary>When there should be another one; null when it does not say.</summary>
    public DateTimeOffset? NextUpdate { get; init; }

    /// <summary>The key that has signed it, as its issuer names that, upper-case hex; empty when it does not say.</summary>
    public string AuthorityKeyId { get; init; } = "";

    /// <summary>What is revoked.</summary>
    public required ImmutableArray<RevokedCertificate> Entries { get; init; }

    /// <summary>The whole list, DER.</summary>
    public required ReadOnlyMemory<byte> RawData { get; init; }

    /// <summary>What is signed, DER.</summary>
    internal ReadOnlyMemory<byte> Signed { get; init; }

    /// <summary>The object identifier of how it is signed.</summary>
    internal string Algorithm { get; init; } = "";

    /// <summary>The signature.</summary>
    internal ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>Whether it bears the name of an authority and was signed by its key. Never throws.</summary>
    public bool IsSignedBy(X509Certificate2 authority)
    {
        if (!authority.SubjectName.RawData.AsSpan().SequenceEqual(Issuer.Span)) return false;
        if (RevocationSignatures.HashOf(Algorithm) is not { } hash) return false;
        try
        {
            using var ec = authority.GetECDsaPublicKey();
            if (ec is not null)
            {
                return RevocationSignatures.IsEc(Algorithm)
                    && ec.VerifyData(Signed.Span, Signature.Span, hash, DSASignatureFormat.Rfc3279DerSequence);
            }

            using var rsa = authority.GetRSAPublicKey();
            return rsa is not null
                && !RevocationSignatures.IsEc(Algorithm)
                && rsa.VerifyData(Signed.Span, Signature.Span, hash, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>As PEM.</summary>
    public string ToPem() => PemEncoding.WriteString(PemLabel, RawData.Span);
}

/// <summary>How lists may be signed: RSA (PKCS#1) and ECDSA with SHA-2.</summary>
internal static class RevocationSignatures
{
    /// <summary>The hash of an algorithm; null when it is not one of those that are believed.</summary>
    public static HashAlgorithmName? HashOf(string algorithm) => algorithm switch
    {
        "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        _ => null,
    };

    /// <summary>Whether it is ECDSA.</summary>
    public static bool IsEc(string algorithm) => algorithm.StartsWith("1.2.840.10045.", StringComparison.Ordinal);
}
