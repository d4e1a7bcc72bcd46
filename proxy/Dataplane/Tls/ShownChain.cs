using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>What a peer has shown, to find it again in lists that come later: its certificates end with the handshake.</summary>
internal sealed class ShownChain
{
    private readonly ImmutableArray<(string Subject, (string Issuer, string Serial) Key)> _certificates;

    private ShownChain(SpiffeId? identity, IEnumerable<X509Certificate2> certificates)
    {
        Identity = identity;
        var all = ImmutableArray.CreateBuilder<(string, (string, string))>();
        foreach (var certificate in certificates)
        {
            try
            {
                all.Add((identity is null ? certificate.Subject : "", RevokedCertificates.KeyOf(certificate)));
            }
            catch (CryptographicException)
            {
                // one that cannot be read has led to nothing
            }
        }

        _certificates = all.ToImmutable();
    }

    /// <summary>Whom a peer of the mesh has proved to be; null for others.</summary>
    public SpiffeId? Identity { get; }

    /// <summary>Of a peer of the mesh.</summary>
    public static ShownChain OfMesh(SpiffeId identity, X509Certificate2 leaf, X509Chain? chain) =>
        new(identity, [leaf, .. chain?.ChainPolicy.ExtraStore ?? []]);

    /// <summary>Of anybody else, from the certificate to its root.</summary>
    public static ShownChain Of(X509Chain chain) => new(null, chain.ChainElements.Select(element => element.Certificate));

    /// <summary>What the mesh's lists say of the first certificate that is revoked; null when none is.</summary>
    public RevokedCertificate? FindIn(RevokedByDomain all)
    {
        if (all.IsEmpty || Identity is null) return null;
        var revoked = all.In(Identity.TrustDomain.Name);
        foreach (var (_, key) in _certificates)
        {
            if (revoked.Find(key) is { } found) return found;
        }

        return null;
    }

    /// <summary>Whose certificate is the first that a file names; null when none is.</summary>
    public string? FindIn(FrozenSet<(string Issuer, string Serial)> revoked)
    {
        if (revoked.Count == 0) return null;
        foreach (var (subject, key) in _certificates)
        {
            if (revoked.Contains(key)) return subject;
        }

        return null;
    }
}
