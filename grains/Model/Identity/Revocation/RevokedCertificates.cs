using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>What is revoked, to look peers up in. Immutable.</summary>
/// <remarks>
/// By the issuer's name and the serial number, not by the issuer's key: signing certificates of one name follow each other
/// here, and serials are random.
/// </remarks>
public sealed class RevokedCertificates
{
    private static readonly ConditionalWeakTable<TrustBundle, RevokedCertificates> _known = [];

    private readonly FrozenDictionary<(string Issuer, string Serial), RevokedCertificate> _entries;

    private RevokedCertificates(FrozenDictionary<(string Issuer, string Serial), RevokedCertificate> entries)
    {
        _entries = entries;
        Fingerprint = entries.Count == 0 ? "" : FingerprintOf(entries.Keys);
    }

    /// <summary>When the first of the lists is to be followed by another one; null when none says.</summary>
    public DateTimeOffset? RenewedBy { get; private init; }

    /// <summary>
    /// Compares what <see cref="KeyOf"/> says: by the serial number first, as issuers are long and have nearly all keys in common.
    /// </summary>
    public static IEqualityComparer<(string Issuer, string Serial)> ByKey { get; } =
        EqualityComparer<(string Issuer, string Serial)>.Create(
            static (one, other) => one.Serial == other.Serial && one.Issuer == other.Issuer,
            static key => key.Serial.GetHashCode(StringComparison.Ordinal));

    /// <summary>Nothing is revoked.</summary>
    public static RevokedCertificates None { get; } =
        new(FrozenDictionary<(string Issuer, string Serial), RevokedCertificate>.Empty);

    /// <summary>Another one when anything else is revoked; empty when nothing is.</summary>
    public string Fingerprint { get; }

    /// <summary>How many certificates are revoked.</summary>
    public int Count => _entries.Count;

    /// <summary>All that some lists name.</summary>
    public static RevokedCertificates Of(IEnumerable<RevocationList> lists)
    {
        var entries = new Dictionary<(string, string), RevokedCertificate>(ByKey);
        DateTimeOffset? renewedBy = null;
        foreach (var list in lists)
        {
            if (!(renewedBy <= list.NextUpdate)) renewedBy = list.NextUpdate;
            var issuer = Convert.ToHexString(list.Issuer.Span);
            foreach (var entry in list.Entries) entries.TryAdd((issuer, entry.Serial), entry);
        }

        return new RevokedCertificates(entries.ToFrozenDictionary(ByKey)) { RenewedBy = renewedBy };
    }

    /// <summary>All that the lists of a bundle name, read once for each bundle; what is no list in it is passed over.</summary>
    public static RevokedCertificates Of(TrustBundle? bundle) =>
        bundle is null || bundle.CrlsPem.IsEmpty ? None : _known.GetValue(bundle, static one => Of(RevocationListReader.ReadTold(one.CrlsPem)));

    /// <summary>What is said of a certificate; null when it is not revoked.</summary>
    /// <param name="issuer">The name of its issuer, DER as upper-case hex.</param>
    /// <param name="serial">Its serial number, hex.</param>
    public RevokedCertificate? Find(string issuer, string serial) =>
        _entries.Count > 0 && SerialNumber.TryParse(serial, out var number)
            ? _entries.GetValueOrDefault((issuer, number))
            : null;

    /// <summary>What is said of a certificate; null when it is not revoked.</summary>
    public RevokedCertificate? Find(X509Certificate2 certificate) => _entries.Count == 0 ? null : Find(KeyOf(certificate));

    /// <summary>What is said of a certificate; null when it is not revoked.</summary>
    /// <param name="key">What <see cref="KeyOf"/> says of it.</param>
    public RevokedCertificate? Find((string Issuer, string Serial) key) => _entries.GetValueOrDefault(key);

    /// <summary>By what a certificate is found: the name of its issuer, DER as upper-case hex, and its serial number.</summary>
    /// <exception cref="CryptographicException">It cannot be read.</exception>
    public static (string Issuer, string Serial) KeyOf(X509Certificate2 certificate) =>
        (Convert.ToHexString(certificate.IssuerName.RawData), SerialNumber.Of(certificate));

    /// <summary>What is said of the first certificate of a chain that is revoked; null when none is.</summary>
    public RevokedCertificate? Find(X509Chain chain)
    {
        if (_entries.Count == 0) return null;
        foreach (var element in chain.ChainElements)
        {
            if (Find(element.Certificate) is { } revoked) return revoked;
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Count} revoked certificates";

    private static string FingerprintOf(IEnumerable<(string Issuer, string Serial)> keys)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (issuer, serial) in keys.Order()) hash.AppendData(Encoding.ASCII.GetBytes($"{issuer}:{serial}\n"));
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
