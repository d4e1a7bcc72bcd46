using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>Reads the SPIFFE ID of a certificate: exactly one URI SAN, compared as bytes, never a common name.</summary>
/// <remarks>Source: X509-SVID section 2; CVE-2022-21656, CVE-2022-40716 (SAN type confusion, several URI SANs).</remarks>
internal static class PeerSpiffeId
{
    private const string SubjectAltName = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Reads without throwing: the certificate comes from the peer.</summary>
    public static bool TryRead(
        X509Certificate2 certificate, [NotNullWhen(true)] out SpiffeId? id, [NotNullWhen(false)] out string? problem)
    {
        id = null;
        problem = null;
        try
        {
            var uris = new List<string>(1);
            foreach (var extension in certificate.Extensions)
            {
                if (extension.Oid?.Value == SubjectAltName) ReadUris(extension.RawData, uris);
            }

            if (uris.Count != 1) problem = $"The certificate has {uris.Count} URI SANs where one is required.";
            else if (!SpiffeId.TryParse(uris[0], out id)) problem = "The certificate's URI SAN is not a SPIFFE ID.";
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException or DecoderFallbackException)
        {
            problem = "The certificate's subject alternative names cannot be read.";
        }

        return problem is null && id is not null;
    }

    private static void ReadUris(byte[] extension, List<string> uris)
    {
        var names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(UriTag)) uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
            else names.ReadEncodedValue();
        }
    }
}
