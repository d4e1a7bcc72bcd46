using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Xds.Gateway.Identity;

/// <summary>Reads the SPIFFE ID of a certificate that the listener has verified already.</summary>
/// <remarks>Source: X509-SVID section 2: exactly one URI name.</remarks>
internal static class CertificateName
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>Never throws: false when there is not exactly one URI name that is a SPIFFE ID.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out SpiffeId? id)
    {
        id = null;
        try
        {
            var uris = certificate.Extensions
                .Where(e => e.Oid?.Value == SubjectAlternativeName)
                .SelectMany(e => ReadUris(e.RawData))
                .ToList();
            return uris.Count == 1 && SpiffeId.TryParse(uris[0], out id);
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            return false;
        }
    }

    private static List<string> ReadUris(byte[] extension)
    {
        var uris = new List<string>();
        var names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(Uri)) uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
            else names.ReadEncodedValue();
        }

        return uris;
    }
}
