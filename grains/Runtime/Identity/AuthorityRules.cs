using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>What every certificate of an authority must be, from the root down, so that all peers believe what is below.</summary>
/// <remarks>
/// Source: RFC 5280 sections 4.2.1.3, 4.2.1.9 and 4.2.1.12; RFC 5480 section 2.1.1 (named curves only); the limits are those of
/// the strictest of OpenSSL, BoringSSL and Go, which stock Envoys and gRPC programs have.
/// </remarks>
public static class AuthorityRules
{
    private const int LeastRsa = 2048;
    private const int MostRsa = 8192; // Go refuses larger ones in a handshake
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string NistP256 = "1.2.840.10045.3.1.7";
    private const string NistP384 = "1.3.132.0.34";

    /// <summary>What is wrong with a certificate and what to do, as a sentence; null when nothing is. Never throws.</summary>
    public static string? FindFault(X509Certificate2 certificate)
    {
        try
        {
            return FindKeyFault(certificate) ?? FindSignatureFault(certificate) ?? FindUsageFault(certificate);
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException)
        {
            return $"{certificate.Subject} cannot be read: {exception.Message} Have it issued anew.";
        }
    }

    private static string? FindKeyFault(X509Certificate2 certificate)
    {
        switch (certificate.PublicKey.Oid.Value)
        {
            case EcPublicKey:
                return FindCurveFault(certificate);
            case RsaEncryption:
                using (var rsa = certificate.GetRSAPublicKey())
                {
                    return FindSizeFault(certificate, rsa!.KeySize);
                }

            default:
                return $"The key of {certificate.Subject} is neither RSA nor EC: make one that is.";
        }
    }

    private static string? FindSizeFault(X509Certificate2 certificate, int size) => size switch
    {
        < LeastRsa => $"The key of {certificate.Subject} is RSA of {size} bits, which peers refuse: make one of {LeastRsa} bits or "
            + "more.",
        > MostRsa => $"The key of {certificate.Subject} is RSA of {size} bits, which some peers refuse, and which every handshake "
            + $"would take long for: make one of {MostRsa} bits or less.",
        _ => null,
    };

    // Read from the certificate itself: what the runtime makes of it differs from platform to platform.
    private static string? FindCurveFault(X509Certificate2 certificate)
    {
        var parameters = certificate.PublicKey.EncodedParameters?.RawData ?? [];
        var reader = new AsnReader(parameters, AsnEncodingRules.DER);
        if (!reader.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
        {
            return $"The key of {certificate.Subject} spells its curve out (explicit parameters), which peers refuse: make one on "
                + "the named curve P-256 or P-384 (openssl: -pkeyopt ec_param_enc:named_curve).";
        }

        var curve = reader.ReadObjectIdentifier();
        return curve is NistP256 or NistP384
            ? null
            : $"The key of {certificate.Subject} is on curve {new Oid(curve).FriendlyName ?? curve}, which some peers refuse: make "
                + "one on P-256 or P-384.";
    }

    private static string? FindSignatureFault(X509Certificate2 certificate)
    {
        var signature = certificate.SignatureAlgorithm.FriendlyName ?? "";
        return signature.StartsWith("sha1", StringComparison.OrdinalIgnoreCase)
            || signature.StartsWith("md5", StringComparison.OrdinalIgnoreCase)
            ? $"{certificate.Subject} is signed with {signature}, which peers refuse: have it issued with SHA-256."
            : null;
    }

    // Go and BoringSSL demand of every certificate above a leaf, Go of the root too, that it allows what the leaf is for.
    private static string? FindUsageFault(X509Certificate2 certificate)
    {
        var isAuthority = false;
        foreach (var extension in certificate.Extensions)
        {
            switch (extension)
            {
                case X509BasicConstraintsExtension constraints:
                    isAuthority = constraints.CertificateAuthority;
                    break;
                case X509KeyUsageExtension usage when !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign):
                    return $"The key usage of {certificate.Subject} lacks keyCertSign: have it issued with it.";
                case X509EnhancedKeyUsageExtension usage when !TlsUsage.AllowsBothEnds(usage):
                    return $"The extended key usage of {certificate.Subject} does not allow both serverAuth and clientAuth: "
                        + "have it issued with both, or without that extension.";
            }
        }

        return isAuthority
            ? null
            : $"{certificate.Subject} is no certificate of an authority, as its basic constraints do not say so: have it issued as "
                + "one (CA:TRUE).";
    }
}
