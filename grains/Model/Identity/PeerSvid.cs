using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Model.Identity;

/// <summary>
/// Decides whether a peer's certificate proves a SPIFFE ID: exactly one URI name, usable for TLS, with a chain to a
/// root of its own trust domain and no other. The one implementation for sidecars, control plane and federation.
/// </summary>
/// <remarks>
/// Source: X509-SVID sections 2 to 5, SPIFFE federation section 4; RFC 5280 section 6.3 for revocation, by lists that are
/// there already and whatever their age. No DNS names, no downloads; every error of the chain is fatal (CVE-2024-0057, CVE-2022-21656, CVE-2022-40716).
/// </remarks>
public static class PeerSvid
{
    private const string SubjectAltName = "2.5.29.17";
    private const X509KeyUsageFlags OfAuthorities = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Finds the roots of a trust domain by its name; null when the domain is not trusted.</summary>
    public delegate X509Certificate2Collection? RootsOf(string trustDomain);

    /// <summary>Finds what is revoked of a trust domain by its name.</summary>
    public delegate RevokedCertificates RevokedIn(string trustDomain);

    /// <summary>Verifies without throwing: everything here comes from the peer.</summary>
    /// <param name="leaf">What the peer presented; null when nothing.</param>
    /// <param name="presented">The chain of the handshake: its further certificates may lead to the root.</param>
    /// <param name="roots">Whom we believe.</param>
    /// <param name="now">The time at which everything must be valid.</param>
    /// <param name="proof">The proved identity, and how long the chain proves it.</param>
    /// <param name="problem">What is wrong, as a sentence for the log.</param>
    public static bool TryVerify(
        X509Certificate2? leaf,
        X509Chain? presented,
        RootsOf roots,
        DateTimeOffset now,
        [NotNullWhen(true)] out PeerProof? proof,
        [NotNullWhen(false)] out string? problem) =>
        TryVerify(leaf, presented, roots, RevokedCertificates.None, now, out proof, out problem);

    /// <summary>Verifies without throwing: everything here comes from the peer.</summary>
    /// <param name="leaf">What the peer presented; null when nothing.</param>
    /// <param name="presented">The chain of the handshake: its further certificates may lead to the root.</param>
    /// <param name="roots">Whom we believe.</param>
    /// <param name="revoked">What is good no longer: no certificate of the chain may be among it.</param>
    /// <param name="now">The time at which everything must be valid.</param>
    /// <param name="proof">The proved identity, and how long the chain proves it.</param>
    /// <param name="problem">What is wrong, as a sentence for the log.</param>
    public static bool TryVerify(
        X509Certificate2? leaf,
        X509Chain? presented,
        RootsOf roots,
        RevokedCertificates revoked,
        DateTimeOffset now,
        [NotNullWhen(true)] out PeerProof? proof,
        [NotNullWhen(false)] out string? problem) =>
        TryVerify(leaf, presented, roots, _ => revoked, now, out proof, out problem);

    /// <summary>Verifies without throwing: everything here comes from the peer.</summary>
    /// <param name="leaf">What the peer presented; null when nothing.</param>
    /// <param name="presented">The chain of the handshake: its further certificates may lead to the root.</param>
    /// <param name="roots">Whom we believe.</param>
    /// <param name="revoked">What is good no longer in the peer's own domain: no certificate of the chain may be among it.</param>
    /// <param name="now">The time at which everything must be valid.</param>
    /// <param name="proof">The proved identity, and how long the chain proves it.</param>
    /// <param name="problem">What is wrong, as a sentence for the log.</param>
    public static bool TryVerify(
        X509Certificate2? leaf,
        X509Chain? presented,
        RootsOf roots,
        RevokedIn revoked,
        DateTimeOffset now,
        [NotNullWhen(true)] out PeerProof? proof,
        [NotNullWhen(false)] out string? problem)
    {
        proof = null;
        if (leaf is null)
        {
            problem = "The peer has presented no certificate.";
            return false;
        }

        if (!TryReadName(leaf, out var named, out problem)) return false;
        if (roots(named.TrustDomain.Name) is not { } trusted)
        {
            problem = $"The trust domain '{named.TrustDomain}' is not trusted.";
            return false;
        }

        using var chain = NewChain(presented, trusted, now);
        problem = FindLeafFault(leaf) ?? FindChainFault(leaf, chain, now)
            ?? FindRevoked(named, chain, revoked(named.TrustDomain.Name));
        if (problem is not null) return false;
        proof = Prove(named, leaf, chain);
        return true;
    }

    /// <summary>Reads the name of a certificate, proving nothing: exactly one URI name that is a SPIFFE ID.</summary>
    public static bool TryReadName(
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

            if (uris.Count != 1) problem = $"The certificate has {uris.Count} URI names where one is required.";
            else if (!SpiffeId.TryParse(uris[0], out id)) problem = "The certificate's URI name is not a SPIFFE ID.";
            else if (id.Path.Length == 0) problem = "The certificate's URI name is a trust domain and no workload in it.";
        }
        catch (Exception exception)
            when (exception is AsnContentException or CryptographicException or DecoderFallbackException)
        {
            problem = "The certificate's subject alternative names cannot be read.";
        }

        if (problem is null && id is not null) return true;
        id = null;
        problem ??= "The certificate has no name.";
        return false;
    }

    /// <summary>The URI names of a certificate, proving nothing; none when they cannot be read.</summary>
    public static IReadOnlyList<string> ReadUris(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        try
        {
            foreach (var extension in certificate.Extensions)
            {
                if (extension.Oid?.Value == SubjectAltName) ReadUris(extension.RawData, uris);
            }

            return uris;
        }
        catch (Exception exception)
            when (exception is AsnContentException or CryptographicException or DecoderFallbackException)
        {
            return [];
        }
    }

    /// <summary>
    /// Whether a certificate is a root as far as its names say: its own issuer, by name and by key identifier. One of the same
    /// name that an earlier root has issued, as when roots change, is none.
    /// </summary>
    public static bool IsSelfSigned(X509Certificate2 certificate)
    {
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)) return false;
        try
        {
            ReadOnlyMemory<byte>? issuer = null, subject = null;
            foreach (var extension in certificate.Extensions)
            {
                if (extension is X509AuthorityKeyIdentifierExtension authority) issuer = authority.KeyIdentifier;
                else if (extension is X509SubjectKeyIdentifierExtension own) subject = own.SubjectKeyIdentifierBytes;
            }

            return issuer is null || subject is null || issuer.Value.Span.SequenceEqual(subject.Value.Span);
        }
        catch (CryptographicException)
        {
            return true; // it leads nowhere that anybody can tell
        }
    }

    private static void ReadUris(byte[] extension, List<string> uris)
    {
        var names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(UriTag))
            {
                uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
            }
            else
            {
                names.ReadEncodedValue();
            }
        }
    }

    private static string? FindLeafFault(X509Certificate2 leaf)
    {
        foreach (var extension in leaf.Extensions)
        {
            switch (extension)
            {
                case X509BasicConstraintsExtension { CertificateAuthority: true }:
                    return "An authority's certificate is not an identity.";
                case X509KeyUsageExtension usage when !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature):
                    return "The certificate's key may not sign.";
                case X509KeyUsageExtension { KeyUsages: var usages } when (usages & OfAuthorities) != 0:
                    return "The certificate's key may sign certificates or lists: it is no workload's.";
                case X509EnhancedKeyUsageExtension usage when !TlsUsage.AllowsBothEnds(usage):
                    return "The certificate is not for both ends of TLS.";
            }
        }

        return null;
    }

    private static X509Chain NewChain(X509Chain? presented, X509Certificate2Collection roots, DateTimeOffset now)
    {
        var chain = new X509Chain { ChainPolicy = PeerChainPolicy.Under(roots, [], now) };
        if (presented is null) return chain;
        foreach (var certificate in presented.ChainPolicy.ExtraStore) AddIntermediate(chain, certificate);
        foreach (var element in presented.ChainElements) AddIntermediate(chain, element.Certificate);
        return chain;
    }

    // A peer's root would hide what certifies the same key under a root that is trusted here.
    private static void AddIntermediate(X509Chain chain, X509Certificate2 certificate)
    {
        if (!IsSelfSigned(certificate)) chain.ChainPolicy.ExtraStore.Add(certificate);
    }

    private static string? FindChainFault(X509Certificate2 leaf, X509Chain chain, DateTimeOffset now)
    {
        try
        {
            return chain.Build(leaf) ? null : Describe(leaf, chain, now);
        }
        catch (CryptographicException)
        {
            return "The chain cannot be built.";
        }
    }

    private static string? FindRevoked(SpiffeId named, X509Chain chain, RevokedCertificates revoked) =>
        revoked.Find(chain) is { } found ? $"{found} It was shown by {named}." : null;

    private static string Describe(X509Certificate2 leaf, X509Chain chain, DateTimeOffset now)
    {
        var status = chain.ChainStatus.Select(s => s.Status).Distinct().ToArray();
        if (status.Contains(X509ChainStatusFlags.NotTimeValid))
        {
            return $"It is valid from {Utc(leaf.NotBefore)} to {Utc(leaf.NotAfter)}, "
                + $"and this machine's clock says {now.UtcDateTime:u}.";
        }

        X509ChainStatusFlags[] foreign =
        [
            X509ChainStatusFlags.PartialChain,
            X509ChainStatusFlags.UntrustedRoot,
            X509ChainStatusFlags.NotSignatureValid,
        ];
        return status.Intersect(foreign).Any()
            ? "It does not lead to a root of its trust domain."
            : $"The chain is not valid: {string.Join(", ", status)}.";
    }

    private static PeerProof Prove(SpiffeId id, X509Certificate2 leaf, X509Chain chain)
    {
        var (notBefore, notAfter) = (leaf.NotBefore, leaf.NotAfter);
        foreach (var element in chain.ChainElements)
        {
            if (element.Certificate.NotBefore > notBefore) notBefore = element.Certificate.NotBefore;
            if (element.Certificate.NotAfter < notAfter) notAfter = element.Certificate.NotAfter;
        }

        return new PeerProof(id, notBefore.ToUniversalTime(), notAfter.ToUniversalTime());
    }

    private static string Utc(DateTime time) => time.ToUniversalTime().ToString("u");
}
