using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>A connection to a server of the mesh, below its TLS: known by what the server has shown for as long as it is open.</summary>
internal sealed class ServerConnection(Socket socket, ServerConnections open) : NetworkStream(socket, ownsSocket: true)
{
    private readonly List<(string Issuer, string Serial)> _shown = [];

    /// <summary>Whom the server has proved to be.</summary>
    public SpiffeId? Identity { get; private set; }

    /// <summary>Notes in the handshake what the server shows: certificates of it end with the handshake.</summary>
    public void Note(SpiffeId identity, X509Certificate2 leaf, X509Chain? chain)
    {
        Identity = identity;
        _shown.Clear();
        Note(leaf);
        foreach (var further in chain?.ChainPolicy.ExtraStore ?? []) Note(further);
    }

    /// <summary>What is said of the first of the server's certificates that is revoked; null when none is.</summary>
    public RevokedCertificate? FindIn(RevokedByDomain all)
    {
        if (all.IsEmpty || Identity is null) return null;
        var revoked = all.In(Identity.TrustDomain.Name);
        foreach (var (issuer, serial) in _shown)
        {
            if (revoked.Find(issuer, serial) is { } found) return found;
        }

        return null;
    }

    /// <summary>Ends it at once: whoever reads or writes sees a broken connection.</summary>
    public void Cut() => Socket.Close(0);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        open.Remove(this);
        base.Dispose(disposing);
    }

    private void Note(X509Certificate2 certificate)
    {
        try
        {
            _shown.Add(RevokedCertificates.KeyOf(certificate));
        }
        catch (CryptographicException)
        {
            // one that cannot be read has led to nothing
        }
    }
}
