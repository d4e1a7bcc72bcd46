using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>
/// Remembers certificates that were found good, so that a peer's next handshake costs no second chain. Only good ones,
/// by the hash of the whole certificate, for one set of roots, and never beyond their own validity.
/// </summary>
internal sealed class VerdictCache(TimeProvider clock)
{
    private const int MaxEntries = 4096;

    private readonly ConcurrentDictionary<string, Verdict> _good = new(StringComparer.Ordinal);
    private string _fingerprint = "";

    public SpiffeId? Find(string thumbprint, TlsIdentity identity)
    {
        if (!_good.TryGetValue(thumbprint, out var verdict) || verdict.Fingerprint != identity.TrustFingerprint) return null;
        var now = clock.GetUtcNow();
        return now >= verdict.NotBefore && now <= verdict.NotAfter ? verdict.Id : null;
    }

    public void Add(string thumbprint, X509Certificate2 leaf, X509Chain chain, SpiffeId id, TlsIdentity identity)
    {
        if (_fingerprint != identity.TrustFingerprint || _good.Count >= MaxEntries)
        {
            _good.Clear();
            _fingerprint = identity.TrustFingerprint;
        }

        var (notBefore, notAfter) = (leaf.NotBefore, leaf.NotAfter);
        foreach (var element in chain.ChainElements) // an authority may end before what it has signed
        {
            if (element.Certificate.NotBefore > notBefore) notBefore = element.Certificate.NotBefore;
            if (element.Certificate.NotAfter < notAfter) notAfter = element.Certificate.NotAfter;
        }

        _good[thumbprint] = new Verdict(id, identity.TrustFingerprint, notBefore.ToUniversalTime(), notAfter.ToUniversalTime());
    }

    private sealed record Verdict(SpiffeId Id, string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter);
}
