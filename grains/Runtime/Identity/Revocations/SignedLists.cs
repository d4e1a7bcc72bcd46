using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Grains.Identity.Revocations;

/// <summary>The lists that the mesh's own signing certificates sign.</summary>
/// <remarks>
/// There is one of every signing certificate as soon as there is any list, be it empty: a verifier of the field's kind (OpenSSL,
/// BoringSSL, so Envoy) that is given lists refuses whatever it has no list for. For the same reason they do not become out
/// of date before their issuer does: a control plane that is away must not stop the traffic.
/// </remarks>
internal static class SignedLists
{
    // Clients whose clock is behind would refuse a list that is yet to come, and with it everybody.
    private static readonly TimeSpan _backdate = TimeSpan.FromHours(1);

    /// <summary>Whether a signing certificate may sign lists.</summary>
    public static bool MaySign(AuthorityMaterial material)
    {
        using var signer = X509Certificate2.CreateFromPem(material.SigningCertificate);
        return signer.Extensions.OfType<X509KeyUsageExtension>().All(u => u.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign));
    }

    /// <summary>What the lists depend on, as a hash; empty when there are to be none.</summary>
    public static string BasisOf(AuthorityState state, AuthorityKeys keys)
    {
        if (state.Revoked.IsEmpty && state.PluggedCrls.IsEmpty) return "";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in keys.All.Select(held => held.SigningCertificate)
            .Concat(state.Revoked.Select(r => r.Serial))
            .Concat(state.PluggedCrls)
            .Concat(state.FormerCrls))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Every list that there is to be, PEM: of those that sign, of those that have, and the operator's.</summary>
    public static ImmutableArray<string> All(AuthorityState state, AuthorityKeys keys, long number, DateTimeOffset now)
    {
        var plugged = RevocationListReader.ReadTold(state.PluggedCrls)
            .Where(list => HeldAuthorities.HaveSigned(list, keys)).ToImmutableArray();
        var signers = keys.All.Where(held => MaySign(held) && !HasEnded(held, now)).ToArray();
        return
        [
            .. signers.Select(held => Sign(held, state.Revoked, plugged, number, now)),
            .. state.FormerCrls.Where(pem => RevocationListReader.ReadTold([pem]).All(list => list.NextUpdate > now)),
            .. plugged.Where(list => !signers.Any(held => IsOf(list, held))).Select(list => list.ToPem()),
        ];
    }

    /// <summary>One list of everything that is revoked.</summary>
    /// <param name="material">Who signs it.</param>
    /// <param name="revoked">
    /// What an operator has revoked: all of it in each list, as serials are random, and nobody has noted who signed which.
    /// </param>
    /// <param name="plugged">The operator's own lists: what one of the same issuer says goes into this one.</param>
    /// <param name="number">Greater than any before.</param>
    /// <param name="now">The time.</param>
    public static string Sign(
        AuthorityMaterial material,
        ImmutableArray<RevocationRecord> revoked,
        ImmutableArray<RevocationList> plugged,
        long number,
        DateTimeOffset now)
    {
        using var signer = X509Certificate2.CreateFromPem(material.SigningCertificate);
        using var key = IssuerKey.Of(material.SigningCertificate, material.SigningKey);
        var builder = new CertificateRevocationListBuilder();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var all = revoked.Select(r => new RevokedCertificate(r.Serial, r.RevokedAt, ReasonOf(r)))
            .Concat(plugged.Where(list => list.IsSignedBy(signer)).SelectMany(list => list.Entries));
        foreach (var one in all.Where(one => known.Add(one.Serial)))
        {
            X509RevocationReason? reason =
                one.Reason is RevocationReason.Unspecified ? null : (X509RevocationReason)one.Reason;
            builder.AddEntry(SerialNumber.ToDer(one.Serial), one.RevokedAt, reason);
        }

        var list = builder.Build(
            signer.SubjectName,
            key.Generator,
            number,
            new DateTimeOffset(signer.NotAfter.ToUniversalTime()),
            key.Hash,
            IssuerOf(signer),
            AuthorityCertificates.Later(now - _backdate, signer.NotBefore.ToUniversalTime()));
        return PemEncoding.WriteString(RevocationList.PemLabel, list);
    }

    private static RevocationReason ReasonOf(RevocationRecord record) =>
        RevocationReasonNames.TryParse(record.Reason, out var reason) ? reason : RevocationReason.Unspecified;

    /// <summary>Whether a signing certificate is good for nothing any more: whatever it has signed has ended too.</summary>
    public static bool HasEnded(AuthorityMaterial material, DateTimeOffset now)
    {
        using var signer = X509Certificate2.CreateFromPem(material.SigningCertificate);
        return signer.NotAfter.ToUniversalTime() <= now.UtcDateTime;
    }

    private static bool IsOf(RevocationList list, AuthorityMaterial held)
    {
        using var signer = X509Certificate2.CreateFromPem(held.SigningCertificate);
        return list.IsSignedBy(signer);
    }

    // one that is plugged in may have no identifier of its key
    private static X509AuthorityKeyIdentifierExtension IssuerOf(X509Certificate2 signer) =>
        signer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any()
            ? X509AuthorityKeyIdentifierExtension.CreateFromCertificate(signer, true, false)
            : X509AuthorityKeyIdentifierExtension.CreateFromIssuerNameAndSerialNumber(
                signer.IssuerName, signer.SerialNumberBytes.Span);
}
