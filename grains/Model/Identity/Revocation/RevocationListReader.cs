using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>Reads lists of revoked certificates, which may come from anybody: bounded, and without throwing.</summary>
/// <remarks>
/// Source: RFC 5280 sections 5.1 to 5.3. Lists that tell a part only, or of other issuers (a critical extension says so: delta
/// lists, distribution points, indirect lists), are refused: read as whole ones they would say something else.
/// </remarks>
public static class RevocationListReader
{
    /// <summary>The most characters of PEM, or bytes of DER, that are read of what somebody brings.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>The most characters of PEM of all that a mesh tells together.</summary>
    public const int MaxTold = 8 << 20;

    /// <summary>The most lists in one text.</summary>
    public const int MaxLists = 64;

    /// <summary>The most entries of all lists of one text.</summary>
    public const int MaxEntries = 200_000;

    private const int MaxSerial = 32; // bytes; RFC 5280 allows 20
    private const string CrlNumber = "2.5.29.20";
    private const string AuthorityKey = "2.5.29.35";
    private const string ReasonCode = "2.5.29.21";
    private const int HoldEnded = 8;
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag KeyId = new(TagClass.ContextSpecific, 0);

    /// <summary>Reads every list of a PEM text; what is no list in it is passed over.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="lists">The lists; none when there is none in it.</param>
    /// <param name="problem">What is wrong, to go on a sentence with.</param>
    public static bool TryReadPem(
        ReadOnlySpan<char> pem, out ImmutableArray<RevocationList> lists, [NotNullWhen(false)] out string? problem) =>
        TryReadPem(pem, MaxLength, out lists, out problem);

    /// <inheritdoc cref="TryReadPem(ReadOnlySpan{char},out ImmutableArray{RevocationList},out string?)"/>
    /// <param name="maxLength">The most characters that are read: <see cref="MaxLength"/> or <see cref="MaxTold"/>.</param>
    public static bool TryReadPem(
        ReadOnlySpan<char> pem,
        int maxLength,
        out ImmutableArray<RevocationList> lists,
        [NotNullWhen(false)] out string? problem)
    {
        lists = [];
        problem = pem.Length > maxLength ? $"is longer than {maxLength} bytes" : null;
        var found = ImmutableArray.CreateBuilder<RevocationList>();
        var room = MaxEntries;
        var rest = pem;
        while (problem is null && PemEncoding.TryFind(rest, out var fields))
        {
            var isList = rest[fields.Label] is RevocationList.PemLabel;
            var text = rest[fields.Base64Data];
            rest = rest[fields.Location.End..];
            if (!isList) continue;
            if (found.Count == MaxLists) problem = $"has more than {MaxLists} lists";
            else if (TryReadDer(Decode(text, fields.DecodedDataLength), room, out var list, out problem))
            {
                room -= list.Entries.Length;
                found.Add(list);
            }
        }

        if (problem is null && rest.Contains("-----BEGIN", StringComparison.Ordinal)) problem = "ends within a list";
        if (problem is not null) return false;
        lists = found.ToImmutable();
        return true;
    }

    /// <summary>Reads the lists that a mesh tells; what is no list among them is passed over.</summary>
    public static ImmutableArray<RevocationList> ReadTold(ImmutableArray<string> pems)
    {
        var all = ImmutableArray.CreateBuilder<RevocationList>();
        foreach (var pem in pems)
        {
            if (TryReadPem(pem, MaxTold, out var lists, out _)) all.AddRange(lists);
        }

        return all.ToImmutable();
    }

    /// <summary>Reads one list.</summary>
    /// <param name="der">The list, and nothing else.</param>
    /// <param name="list">What it says.</param>
    /// <param name="problem">What is wrong, to go on a sentence with.</param>
    public static bool TryReadDer(
        ReadOnlyMemory<byte> der, [NotNullWhen(true)] out RevocationList? list, [NotNullWhen(false)] out string? problem)
    {
        list = null;
        problem = der.Length > MaxLength ? $"is longer than {MaxLength} bytes" : null;
        return problem is null && TryReadDer(der, MaxEntries, out list, out problem);
    }

    private static bool TryReadDer(
        ReadOnlyMemory<byte> der,
        int room,
        [NotNullWhen(true)] out RevocationList? list,
        [NotNullWhen(false)] out string? problem)
    {
        list = null;
        problem = null;
        try
        {
            list = Read(der, room);
            return true;
        }
        catch (RefusedListException exception)
        {
            problem = exception.Message;
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException
            or FormatException or ArgumentException or OverflowException)
        {
            problem = "is not a list of revoked certificates (CRL)";
        }

        return false;
    }

    private static byte[] Decode(ReadOnlySpan<char> base64, int length)
    {
        var bytes = new byte[length];
        return Convert.TryFromBase64Chars(base64, bytes, out var written) && written == length ? bytes : [];
    }

    private static RevocationList Read(ReadOnlyMemory<byte> der, int room)
    {
        var all = new AsnReader(der, AsnEncodingRules.DER);
        var whole = all.ReadSequence();
        all.ThrowIfNotEmpty();
        var signed = whole.PeekEncodedValue();
        var body = whole.ReadSequence();
        var algorithm = whole.ReadSequence().ReadObjectIdentifier();
        var signature = whole.ReadBitString(out _);
        whole.ThrowIfNotEmpty();
        return ReadBody(body, room, new Envelope(der, signed, algorithm, signature));
    }

    private static RevocationList ReadBody(AsnReader body, int room, Envelope envelope)
    {
        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer) && body.ReadInteger() != BigInteger.One)
        {
            throw new RefusedListException("is of a version that is not known");
        }

        if (body.ReadSequence().ReadObjectIdentifier() != envelope.Algorithm)
        {
            throw new RefusedListException("names two different signature algorithms");
        }

        var issuer = body.PeekEncodedValue();
        body.ReadSequence();
        var thisUpdate = ReadTime(body);
        DateTimeOffset? nextUpdate = body.HasData && IsTime(body.PeekTag()) ? ReadTime(body) : null;
        var entries = body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence)
            ? ReadEntries(body.ReadSequence(), room)
            : [];
        var keyId = body.HasData ? ReadExtensions(body.ReadSequence(Extensions).ReadSequence()) : "";
        body.ThrowIfNotEmpty();
        return new RevocationList
        {
            Issuer = issuer,
            ThisUpdate = thisUpdate,
            NextUpdate = nextUpdate,
            AuthorityKeyId = keyId,
            Entries = entries,
            RawData = envelope.Whole,
            Signed = envelope.Signed,
            Algorithm = envelope.Algorithm,
            Signature = envelope.Signature,
        };
    }

    private static ImmutableArray<RevokedCertificate> ReadEntries(AsnReader entries, int room)
    {
        var revoked = ImmutableArray.CreateBuilder<RevokedCertificate>();
        while (entries.HasData)
        {
            if (revoked.Count == room) throw new RefusedListException($"has more than {MaxEntries} entries");
            var entry = entries.ReadSequence();
            var serial = entry.ReadIntegerBytes();
            if (serial.Length > MaxSerial) throw new RefusedListException("has a serial number of more than 32 bytes");
            var at = ReadTime(entry);
            var reason = entry.HasData ? ReadReason(entry.ReadSequence()) : RevocationReason.Unspecified;
            entry.ThrowIfNotEmpty();
            revoked.Add(new RevokedCertificate(SerialNumber.Of(serial.Span), at, reason));
        }

        return revoked.ToImmutable();
    }

    private static RevocationReason ReadReason(AsnReader extensions)
    {
        var reason = RevocationReason.Unspecified;
        while (extensions.HasData)
        {
            var (oid, isCritical, value) = ReadExtension(extensions);
            if (oid == ReasonCode) reason = ReasonOf(value);
            else if (isCritical) throw new RefusedListException("tells of certificates of other issuers (an indirect list)");
        }

        return reason;
    }

    private static RevocationReason ReasonOf(ReadOnlyMemory<byte> value)
    {
        var number = new BigInteger(
            new AsnReader(value, AsnEncodingRules.DER).ReadEnumeratedBytes().Span, isUnsigned: false, isBigEndian: true);
        return number == HoldEnded
            ? throw new RefusedListException("says of a certificate that it is good again, as only a delta list does")
            : number > 0 && number <= (int)RevocationReason.AaCompromise
                ? (RevocationReason)(int)number
                : RevocationReason.Unspecified;
    }

    private static string ReadExtensions(AsnReader extensions)
    {
        var keyId = "";
        while (extensions.HasData)
        {
            var (oid, isCritical, value) = ReadExtension(extensions);
            if (oid == AuthorityKey) keyId = ReadKeyId(value);
            else if (isCritical && oid != CrlNumber)
            {
                throw new RefusedListException(
                    $"tells a part only (critical extension {oid}): plug in whole lists, neither delta lists nor ones for a "
                    + "distribution point");
            }
        }

        return keyId;
    }

    private static string ReadKeyId(ReadOnlyMemory<byte> value)
    {
        var names = new AsnReader(value, AsnEncodingRules.DER).ReadSequence();
        return names.HasData && names.PeekTag().HasSameClassAndValue(KeyId)
            ? Convert.ToHexString(names.ReadOctetString(KeyId))
            : "";
    }

    private static (string Oid, bool IsCritical, ReadOnlyMemory<byte> Value) ReadExtension(AsnReader extensions)
    {
        var extension = extensions.ReadSequence();
        var oid = extension.ReadObjectIdentifier();
        var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
        var value = extension.ReadOctetString();
        extension.ThrowIfNotEmpty();
        return (oid, isCritical, value);
    }

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static bool IsTime(Asn1Tag tag) =>
        tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private sealed record Envelope(
        ReadOnlyMemory<byte> Whole, ReadOnlyMemory<byte> Signed, string Algorithm, ReadOnlyMemory<byte> Signature);

    private sealed class RefusedListException(string message) : Exception(message);
}
