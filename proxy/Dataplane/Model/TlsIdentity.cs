using System.Collections.Frozen;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>
/// Who this sidecar is and whom it believes: the current certificate and the roots of every trust domain. Immutable;
/// a rotation makes a new one, and new handshakes use it.
/// </summary>
public sealed class TlsIdentity
{
    private TlsIdentity(
        SpiffeId id,
        SslStreamCertificateContext context,
        FrozenDictionary<string, X509Certificate2Collection> roots,
        RevokedByDomain revoked,
        string rootsFingerprint)
    {
        (Id, Context, Roots, Revoked, RootsFingerprint) = (id, context, roots, revoked, rootsFingerprint);
        TrustFingerprint = $"{rootsFingerprint},{revoked.Fingerprint}";
    }

    /// <summary>The SPIFFE ID that the certificate carries.</summary>
    public SpiffeId Id { get; }

    /// <summary>The leaf, with its key, and what leads to the root.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>The leaf.</summary>
    public X509Certificate2 Certificate => Context.TargetCertificate;

    /// <summary>The roots by trust domain name. A peer is judged by the roots of its own domain only.</summary>
    public FrozenDictionary<string, X509Certificate2Collection> Roots { get; }

    /// <summary>What is good no longer, by trust domain: a peer is judged by the lists of its own domain only.</summary>
    public RevokedByDomain Revoked { get; }

    /// <summary>Changes when any root does.</summary>
    public string RootsFingerprint { get; }

    /// <summary>Changes when any root does, or what is revoked: peers are judged anew then.</summary>
    public string TrustFingerprint { get; }

    /// <summary>Whether both show the same certificate, believe the same roots and refuse the same.</summary>
    public bool IsEquivalentTo(TlsIdentity other) =>
        TrustFingerprint == other.TrustFingerprint && ProvesTheSameAs(other);

    /// <summary>Whether both show the same certificate and believe the same roots.</summary>
    public bool ProvesTheSameAs(TlsIdentity other) =>
        RootsFingerprint == other.RootsFingerprint
        && Certificate.RawDataMemory.Span.SequenceEqual(other.Certificate.RawDataMemory.Span);

    /// <summary>Puts an identity together.</summary>
    /// <param name="leaf">The certificate with its private key.</param>
    /// <param name="intermediates">What leads from it to the root; may be empty.</param>
    /// <param name="bundles">The roots, own and federated.</param>
    /// <exception cref="ArgumentException">
    /// The certificate has no key or not exactly one SPIFFE ID, or a bundle is empty, no PEM, or named twice.
    /// </exception>
    public static TlsIdentity Create(
        X509Certificate2 leaf, X509Certificate2Collection intermediates, IEnumerable<TrustBundle> bundles)
    {
        if (!leaf.HasPrivateKey) throw new ArgumentException("The certificate has no private key.", nameof(leaf));
        if (!PeerSvid.TryReadName(leaf, out var id, out var problem))
        {
            throw new ArgumentException(problem, nameof(leaf));
        }

        var roots = new Dictionary<string, X509Certificate2Collection>(StringComparer.Ordinal);
        var thumbprints = new SortedSet<string>(StringComparer.Ordinal);
        var all = bundles.ToList();
        foreach (var bundle in all)
        {
            var collection = Import(bundle);
            if (!roots.TryAdd(bundle.TrustDomain.Name, collection))
            {
                throw new ArgumentException($"There are two bundles of '{bundle.TrustDomain}'.", nameof(bundles));
            }

            foreach (var root in collection) thumbprints.Add($"{bundle.TrustDomain}:{root.GetCertHashString()}");
        }

        var revoked = RevokedByDomain.Of(all);
        var context = SslStreamCertificateContext.Create(leaf, intermediates, offline: true);
        return new TlsIdentity(
            id,
            context,
            roots.ToFrozenDictionary(StringComparer.Ordinal),
            revoked,
            string.Join(',', thumbprints));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Id}, valid until {Certificate.NotAfter.ToUniversalTime():u}";

    private static X509Certificate2Collection Import(TrustBundle bundle)
    {
        var collection = new X509Certificate2Collection();
        try
        {
            foreach (var pem in bundle.RootsPem) collection.ImportFromPem(pem);
        }
        catch (System.Security.Cryptography.CryptographicException exception)
        {
            throw new ArgumentException($"The bundle of '{bundle.TrustDomain}' is not PEM.", nameof(bundle), exception);
        }

        return collection.Count > 0
            ? collection
            : throw new ArgumentException($"The bundle of '{bundle.TrustDomain}' has no root.", nameof(bundle));
    }
}
