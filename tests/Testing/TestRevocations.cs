using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Testing;

/// <summary>Lists of revoked certificates, as other tools make them.</summary>
public static class TestRevocations
{
    private const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";

    /// <summary>A list as PEM, signed by the key of a certificate.</summary>
    public static string Pem(
        X509Certificate2 issuer,
        AsymmetricAlgorithm key,
        DateTimeOffset thisUpdate,
        DateTimeOffset nextUpdate,
        params (X509Certificate2 Certificate, X509RevocationReason? Reason)[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var (certificate, reason) in revoked) builder.AddEntry(certificate, thisUpdate, reason);
        var generator = key is RSA rsa
            ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        var list = builder.Build(
            issuer.SubjectName, generator, 1, nextUpdate, HashAlgorithmName.SHA256, KeyIdOf(issuer), thisUpdate);
        return PemEncoding.WriteString("X509 CRL", list);
    }

    /// <summary>A list as DER with extensions of the list and of its one entry, signed by nobody.</summary>
    public static byte[] Der(
        X509Certificate2 issuer, DateTimeOffset at, (string Oid, bool Critical)? ofList, (string Oid, bool Critical)? ofEntry)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(1);
                WriteAlgorithm(writer);
                writer.WriteEncodedValue(issuer.SubjectName.RawData);
                writer.WriteUtcTime(at);
                using (writer.PushSequence())
                using (writer.PushSequence())
                {
                    writer.WriteInteger(1234);
                    writer.WriteUtcTime(at);
                    if (ofEntry is { } entry)
                    {
                        using (writer.PushSequence()) WriteExtension(writer, entry);
                    }
                }

                if (ofList is { } extension)
                {
                    using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    using (writer.PushSequence()) WriteExtension(writer, extension);
                }
            }

            WriteAlgorithm(writer);
            writer.WriteBitString([1, 2, 3]);
        }

        return writer.Encode();
    }

    private static X509AuthorityKeyIdentifierExtension KeyIdOf(X509Certificate2 issuer) =>
        issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any()
            ? X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false)
            : X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier([1, 2, 3, 4]);

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence()) writer.WriteObjectIdentifier(EcdsaWithSha256);
    }

    private static void WriteExtension(AsnWriter writer, (string Oid, bool Critical) extension)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(extension.Oid);
            if (extension.Critical) writer.WriteBoolean(true);
            writer.WriteOctetString([0x0A, 0x01, 0x01]); // ENUMERATED 1
        }
    }
}
