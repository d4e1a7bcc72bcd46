using System.Formats.Asn1;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>The DNS names and URIs of a certificate. Reads a peer's bytes: what cannot be read has no names.</summary>
/// <remarks>Source: RFC 5280 section 4.2.1.6.</remarks>
internal static class SubjectNames
{
    private const int DnsName = 2;
    private const int Uri = 6;

    /// <param name="extension">The content of the extension subjectAltName.</param>
    public static List<string> Read(ReadOnlyMemory<byte> extension)
    {
        var names = new List<string>();
        try
        {
            var all = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
            while (all.HasData)
            {
                var tag = all.PeekTag();
                if (tag.TagClass is TagClass.ContextSpecific && tag.TagValue is DnsName or Uri)
                {
                    names.Add(all.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                }
                else
                {
                    all.ReadEncodedValue();
                }
            }

            return names;
        }
        catch (AsnContentException)
        {
            return [];
        }
    }
}
