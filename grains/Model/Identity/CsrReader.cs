using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Model.Identity;

/// <summary>
/// Takes from a CSR the one thing that counts, the public key, once the applicant has proved to hold its private half.
/// Subject, names and extensions are not even read.
/// </summary>
public static class CsrReader
{
    /// <summary>The largest CSR that is looked at.</summary>
    /// <value>16384 bytes of DER.</value>
    public const int MaxLength = 16 * 1024;

    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 4096;

    // ECParameters as a named curve: the DER of the curve's OID, and nothing else (explicit parameters are refused).
    private static readonly byte[] _p256 = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
    private static readonly byte[] _p384 = [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22];

    /// <summary>Reads without throwing: the bytes come from outside.</summary>
    /// <param name="csr">PKCS#10, DER.</param>
    /// <param name="key">The key: RSA of 2048 to 4096 bits, P-256 or P-384.</param>
    /// <param name="reason">Why not, as a sentence.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> csr, [NotNullWhen(true)] out PublicKey? key, [NotNullWhen(false)] out string? reason)
    {
        key = null;
        if (csr.IsEmpty) return Refuse("The CSR is empty.", out reason);
        if (csr.Length > MaxLength) return Refuse($"The CSR is longer than {MaxLength} bytes.", out reason);
        try
        {
            // Unverified first, so that an unwelcome key is refused before any computation is spent on it.
            var claimed = Load(csr, CertificateRequestLoadOptions.SkipSignatureValidation, out var consumed);
            if (consumed != csr.Length) return Refuse("Something follows the CSR.", out reason);
            if (WhyUnwelcome(claimed.PublicKey) is { } unwelcome) return Refuse(unwelcome, out reason);
            key = Load(csr, CertificateRequestLoadOptions.Default, out _).PublicKey;
            reason = null;
            return true;
        }
        catch (Exception)
        {
            // The platform has more than one way to say that bytes are no CSR; none of them may pass this point.
            return Refuse("This is not a PKCS#10 request in DER with a valid signature by its own key.", out reason);
        }
    }

    private static CertificateRequest Load(
        ReadOnlySpan<byte> csr, CertificateRequestLoadOptions options, out int consumed) =>
        CertificateRequest.LoadSigningRequest(csr, HashAlgorithmName.SHA256, out consumed, options);

    private static string? WhyUnwelcome(PublicKey key)
    {
        switch (key.Oid.Value)
        {
            case EcPublicKey:
                var curve = key.EncodedParameters?.RawData ?? [];
                if (!curve.SequenceEqual(_p256) && !curve.SequenceEqual(_p384))
                {
                    return "EC keys must be on P-256 or P-384.";
                }

                using (var ec = key.GetECDsaPublicKey()) return ec is null ? "The EC key cannot be read." : null;
            case RsaEncryption:
                using (var rsa = key.GetRSAPublicKey())
                {
                    return rsa?.KeySize is not (>= MinRsaBits and <= MaxRsaBits)
                            ? $"RSA keys must have {MinRsaBits} to {MaxRsaBits} bits."
                        : IsSmall(rsa.ExportParameters(includePrivateParameters: false).Exponent!)
                            ? "RSA keys must have a public exponent of 65537 or more."
                        : null;
                }

            default:
                return "The key must be EC (P-256, P-384) or RSA.";
        }
    }

    // FIPS 186-5, 5.1: above 2^16; with a small one, such as 3, careless signers and verifiers have been forged before
    private static bool IsSmall(ReadOnlySpan<byte> exponent) =>
        new BigInteger(exponent, isUnsigned: true, isBigEndian: true) <= 1 << 16;

    private static bool Refuse(string why, out string reason)
    {
        reason = why;
        return false;
    }
}
