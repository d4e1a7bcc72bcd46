using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Grains.Identity;

/// <summary>The names in a certificate, written and read as they stand: no URI is normalised on the way.</summary>
/// <remarks>Source: RFC 5280 section 4.2.1.6.</remarks>
internal sealed record SubjectAlternativeNames(
    ImmutableArray<string> Uris, ImmutableArray<string> DnsNames, ImmutableArray<IPAddress> Addresses)
{
    private const string Oid = "2.5.29.17";

    private static readonly Asn1Tag _dnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag _uri = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag _ipAddress = new(TagClass.ContextSpecific, 7);

    /// <summary>One URI and nothing else.</summary>
    public static SubjectAlternativeNames Of(string uri) => new([uri], [], []);

    /// <summary>The extension.</summary>
    public X509Extension ToExtension(bool critical)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var uri in Uris) writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, _uri);
            foreach (var name in DnsNames) writer.WriteCharacterString(UniversalTagNumber.IA5String, name, _dnsName);
            foreach (var address in Addresses) writer.WriteOctetString(address.GetAddressBytes(), _ipAddress);
        }

        return new X509Extension(Oid, writer.Encode(), critical);
    }

    /// <summary>The names of a certificate; null when it has none, or has names of another sort.</summary>
    public static SubjectAlternativeNames? Read(X509Certificate2 certificate)
    {
        var uris = ImmutableArray.CreateBuilder<string>();
        var names = ImmutableArray.CreateBuilder<string>();
        var addresses = ImmutableArray.CreateBuilder<IPAddress>();
        try
        {
            if (certificate.Extensions[Oid] is not { } extension) return null;
            var sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                var tag = sequence.PeekTag();
                if (tag == _uri) uris.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, _uri));
                else if (tag == _dnsName)
                {
                    names.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, _dnsName));
                }
                else if (tag == _ipAddress) addresses.Add(new IPAddress(sequence.ReadOctetString(_ipAddress)));
                else return null;
            }

            return new SubjectAlternativeNames(uris.ToImmutable(), names.ToImmutable(), addresses.ToImmutable());
        }
        catch (Exception exception)
            when (exception is AsnContentException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
