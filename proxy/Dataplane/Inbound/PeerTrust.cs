using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>Judges the peers of mesh mTLS: in the handshake, and again when the bundles have changed.</summary>
internal sealed class PeerTrust(ProxyState state, PeerVerifier verifier)
{
    /// <summary>Judges what a peer shows in its handshake, and notes on the connection who it is.</summary>
    /// <returns>What is wrong with it, in words; empty when nothing is.</returns>
    public string Judge(
        X509Certificate2? certificate, X509Chain? chain, TlsIdentity identity, InboundConnection connection)
    {
        var peer = verifier.Verify(certificate, chain, identity, out var problem);
        if (peer is null) return problem;
        (connection.JudgedUnder, connection.JudgedAt) = (identity, verifier.Now);
        foreach (var further in chain?.ChainPolicy.ExtraStore ?? [])
        {
            // the handshake's own end with it
            connection.Presented.Add(X509CertificateLoader.LoadCertificate(further.RawDataMemory.Span));
        }

        connection.Shown = ShownChain.OfMesh(peer, certificate!, chain);
        connection.Caller = new Caller(peer, connection.Hello?.ServerName ?? "")
        {
            ForwardedClientCertificate = $"By={identity.Id};URI={peer}",
        };
        return "";
    }

    /// <summary>
    /// Whether the bundles in force still vouch for a peer: it is judged anew once per connection and change, by the time of
    /// its handshake.
    /// </summary>
    /// <param name="connection">The peer's connection.</param>
    /// <param name="leaf">Its certificate.</param>
    /// <param name="problem">What is wrong with it; null when it is still trusted, or was found wanting before.</param>
    public bool IsStillTrusted(InboundConnection connection, X509Certificate2? leaf, out string? problem)
    {
        problem = null;
        if (connection.IsRefused) return false;
        var identity = state.Identity;
        if (!connection.Caller.IsMutualTls || identity is null || ReferenceEquals(identity, connection.JudgedUnder))
        {
            return true;
        }

        var sameTrust = identity.TrustFingerprint == connection.JudgedUnder?.TrustFingerprint;
        if (!sameTrust && FindFault(connection, leaf, identity) is { } fault)
        {
            problem = fault;
            connection.IsRefused = true;
            return false;
        }

        connection.JudgedUnder = identity;
        return true;
    }

    private static string? FindFault(InboundConnection connection, X509Certificate2? leaf, TlsIdentity identity)
    {
        if (identity.RootsFingerprint == connection.JudgedUnder?.RootsFingerprint)
        {
            return connection.Shown?.FindIn(identity.Revoked)?.ToString(); // nothing else can have become of it
        }

        using var presented = new X509Chain();
        presented.ChainPolicy.ExtraStore.AddRange(connection.Presented);
        return PeerVerifier.FindFaultAt(connection.JudgedAt, leaf, presented, identity);
    }
}
