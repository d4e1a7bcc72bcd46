using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Settings;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// The one place where certificate, staged key and roots change. Whatever is offered is verified first; what is in use
/// stays in use until something better has been verified.
/// </summary>
internal sealed partial class IdentityHolder(
    SidecarSettings settings, IdentityStore store, TimeProvider clock, ILogger<IdentityHolder> logger)
{
    private readonly Lock _gate = new();
    private volatile Svid? _ended; // what a former process has left
    private volatile SidecarIdentity _current = new(Trust: null, Svid: null, StagedKey.Create(id: null), Tls: null);

    /// <summary>Raised after every change, in order, on the thread that made it.</summary>
    public event Action<SidecarIdentity>? Changed;

    public SidecarIdentity Current => _current;

    /// <summary>
    /// The last certificate where it has ended: its key may be good for another one. Null where there was none, or one is valid.
    /// </summary>
    public Svid? Ended => (_current.Svid ?? _ended) is { } last && last.NotAfter <= clock.GetUtcNow() ? last : null;

    /// <summary>
    /// Takes up what a former process left in the state directory, as far as it is still valid. A certificate that has ended, and is
    /// right but for that, is kept beside it.
    /// </summary>
    public void Restore()
    {
        var (svid, trust) = (store.LoadSvid(), store.LoadTrust());
        if (trust is null) return;
        lock (_gate)
        {
            if (svid is null)
            {
                Swap(trust, svid: null);
            }
            else if (Problem(svid, trust, clock.GetUtcNow(), out var id) is { } problem)
            {
                if (svid.NotAfter <= clock.GetUtcNow() && Problem(svid, trust, svid.NotAfter.AddSeconds(-1), out id) is null)
                {
                    _ended = svid;
                    LogEnded(id!, svid.NotAfter, clock.GetUtcNow());
                }
                else
                {
                    LogNotRestored(problem);
                }

                Swap(trust, svid: null);
            }
            else
            {
                Swap(trust, svid);
                LogRestored(id!, svid.NotAfter);
            }
        }
    }

    /// <summary>Offers the answer to the staged request, or a new certificate for the key in use.</summary>
    public IdentityOutcome Offer(string chainPem)
    {
        lock (_gate)
        {
            var (trust, used, staged, _) = _current;
            if (trust is null) return new IdentityOutcome.Rejected("no trust bundle is known yet");
            if (Svid.ParseChain(chainPem) is not { } chain)
            {
                return new IdentityOutcome.Rejected("certificate_chain is not a PEM chain of 1 to 10 certificates");
            }

            if (used is not null && chain[0].Equals(used.Leaf)) return new IdentityOutcome.Unchanged();

            var isStaged = Svid.IsFor(chain[0], staged.PublicKey);
            if (!isStaged && (used is null || !Svid.IsFor(chain[0], used.PublicKey)))
            {
                return new IdentityOutcome.Rejected(
                    "certificate_chain certifies neither the staged key nor the one in use");
            }

            var intermediates = new X509Certificate2Collection(
                chain.Skip(1).Where(c => !PeerSvid.IsSelfSigned(c)).ToArray());
            if (Problem(chain[0], intermediates, trust, clock.GetUtcNow(), out var id) is { } problem)
            {
                return new IdentityOutcome.Rejected("certificate_chain: " + problem);
            }

            // The same key with less time left is an echo of an older certificate.
            if (!isStaged && new DateTimeOffset(chain[0].NotAfter.ToUniversalTime()) <= used!.NotAfter)
            {
                return new IdentityOutcome.Unchanged();
            }

            // The certificate has a handle of its own to the key. That of the former one is let go, and not disposed
            // of: handshakes may be using it, and the last of them that leaves has it cleared.
            using var own = isStaged ? null : used!.Leaf.GetECDsaPrivateKey();
            var next = Svid.Join(chain, own ?? staged.Key);
            store.Save(next);
            _ended = null;
            Swap(trust, next, isStaged ? StagedKey.Create(id) : staged);
            if (isStaged) staged.Dispose();
            LogRotated(id!, next.Leaf.SerialNumber, next.NotAfter);
            return new IdentityOutcome.Accepted();
        }
    }

    /// <summary>Offers the roots of all trust domains.</summary>
    public IdentityOutcome Offer(Trust trust)
    {
        lock (_gate)
        {
            if (_current.Trust is { } known && known.Equivalent(trust)) return new IdentityOutcome.Unchanged();
            store.Save(trust);
            var svid = _current.Svid;
            if (svid is not null && trust.Revoked.Find(svid.Leaf) is { } revoked)
            {
                LogOwnRevoked(revoked); // nobody believes it any more: it joins again, with another key
                svid = null;
            }

            if (_ended is { } ended && trust.Revoked.Find(ended.Leaf) is not null) _ended = null;
            Swap(trust, svid);
            LogTrust(string.Join(", ", trust.Bundles.Select(b => $"{b.TrustDomain} ({b.RootsPem.Length})")));
            return new IdentityOutcome.Accepted();
        }
    }

    private void Swap(Trust trust, Svid? svid, StagedKey? staged = null)
    {
        var tls = svid is null ? null : TlsIdentity.Create(svid.Leaf, svid.Intermediates, trust.Bundles);
        _current = new SidecarIdentity(trust, svid, staged ?? _current.Staged, tls);
        Changed?.Invoke(_current);
    }

    // Everything a certificate must be before it is used; also what a peer would ask of it.
    private string? Problem(Svid svid, Trust trust, DateTimeOffset at, out SpiffeId? id) =>
        Problem(svid.Leaf, svid.Intermediates, trust, at, out id);

    private string? Problem(
        X509Certificate2 leaf,
        X509Certificate2Collection intermediates,
        Trust trust,
        DateTimeOffset at,
        out SpiffeId? id)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.ExtraStore.AddRange(intermediates);
        var expected = SpiffeId.ForWorkload(trust.Own, settings.Namespace, settings.ServiceAccount);
        if (CertificateCheck.FindFault(leaf, chain, trust, at, out id) is { } fault) return fault;
        return id == expected ? null : $"it is for {id}, and this sidecar is {expected}";
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Identity {SpiffeId} restored from the state directory, valid until {NotAfter:u}.")]
    private partial void LogRestored(SpiffeId spiffeId, DateTimeOffset notAfter);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The saved certificate of {SpiffeId} ended at {NotAfter:u}, and this machine's clock says {Now:u}; another one is "
            + "asked for by its key.")]
    private partial void LogEnded(SpiffeId spiffeId, DateTimeOffset notAfter, DateTimeOffset now);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The saved certificate is not used: {Reason}.")]
    private partial void LogNotRestored(string reason);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Certificate of {SpiffeId} in use: serial {Serial}, valid until {NotAfter:u}.")]
    private partial void LogRotated(SpiffeId spiffeId, string serial, DateTimeOffset notAfter);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The certificate of this sidecar itself is not used any more. {Revoked} It needs a join token or a service "
            + "account's token to get another one.")]
    private partial void LogOwnRevoked(RevokedCertificate revoked);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Trust bundles in use (domain and number of roots): {Bundles}.")]
    private partial void LogTrust(string bundles);
}
