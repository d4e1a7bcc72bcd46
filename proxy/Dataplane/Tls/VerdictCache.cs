using System.Collections.Concurrent;
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
        if (!_good.TryGetValue(thumbprint, out var verdict)) return null;
        var (proof, fingerprint) = verdict;
        if (fingerprint != identity.TrustFingerprint) return null;
        var now = clock.GetUtcNow();
        return now >= proof.NotBefore && now <= proof.NotAfter ? proof.Id : null;
    }

    public void Add(string thumbprint, PeerProof proof, TlsIdentity identity)
    {
        if (_fingerprint != identity.TrustFingerprint || _good.Count >= MaxEntries)
        {
            _good.Clear();
            _fingerprint = identity.TrustFingerprint;
        }

        _good[thumbprint] = new Verdict(proof, identity.TrustFingerprint);
    }

    private sealed record Verdict(PeerProof Proof, string Fingerprint);
}
