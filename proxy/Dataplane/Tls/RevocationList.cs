using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>Certificates that their issuers have revoked, from PEM or DER.</summary>
/// <remarks>
/// Source: RFC 5280 section 5.1. The file is the operator's own, as the roots beside it are: its signature is not
/// checked, and it does not become invalid with age.
/// </remarks>
internal static class RevocationList
{
    private const string Label = "X509 CRL";

    /// <summary>All that is revoked, as <see cref="RevokedCertificates.KeyOf"/> writes it; an empty file revokes nothing.</summary>
    /// <exception cref="CredentialException">It is no such list.</exception>
    public static FrozenSet<(string Issuer, string Serial)> Read(byte[] content)
    {
        var revoked = new HashSet<(string, string)>(RevokedCertificates.ByKey);
        if (content.Length == 0) return [];
        try
        {
            foreach (var list in ListsIn(content)) Add(list, revoked);
        }
        catch (Exception exception) when (exception is AsnContentException or FormatException or CryptographicException)
        {
            throw new CredentialException($"the list of revoked certificates cannot be read ({exception.Message})");
        }

        return revoked.ToFrozenSet(RevokedCertificates.ByKey);
    }

    private static List<byte[]> ListsIn(byte[] content)
    {
        if (content[0] == 0x30) return [content]; // DER
        var lists = new List<byte[]>();
        var text = Encoding.ASCII.GetString(content).AsSpan();
        while (PemEncoding.TryFind(text, out var fields))
        {
            if (text[fields.Label] is Label) lists.Add(Convert.FromBase64String(text[fields.Base64Data].ToString()));
            text = text[fields.Location.End..];
        }

        if (lists.Count == 0) throw new CredentialException("there is no list of revoked certificates in it");
        return text.Contains("-----BEGIN", StringComparison.Ordinal)
            ? throw new CredentialException("it ends within a list of revoked certificates")
            : lists;
    }

    private static void Add(byte[] list, HashSet<(string, string)> revoked)
    {
        var body = new AsnReader(list, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer)) body.ReadInteger(); // version
        body.ReadSequence(); // signature algorithm
        var issuer = Convert.ToHexString(body.ReadEncodedValue().Span);
        body.ReadEncodedValue(); // this update
        if (body.HasData && IsTime(body.PeekTag()))
        {
            body.ReadEncodedValue(); // next update
        }

        if (!body.HasData || !body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence)) return;
        var entries = body.ReadSequence();
        while (entries.HasData)
        {
            revoked.Add((issuer, SerialNumber.Of(entries.ReadSequence().ReadIntegerBytes().Span)));
        }
    }

    private static bool IsTime(Asn1Tag tag) =>
        tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);
}
