using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace MeshOrleans.Silo.Hosting;

/// <summary>
/// The TLS port: serves the newest certificate, asks for a client certificate without demanding one (a join token is as
/// good), and lets no handshake through whose certificate this mesh's roots do not vouch for.
/// </summary>
internal static class ControlPlaneTls
{
    public static TlsHandshakeCallbackOptions For(
        ServingCertificate serving, SnapshotHolder snapshots, TimeProvider clock, ILogger logger) => new()
    {
        OnConnection = _ =>
        {
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = serving.Current
                    ?? throw new AuthenticationException("The control plane has no serving certificate yet."),
                ClientCertificateRequired = true, // asked for; the callback lets an absent one pass
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                CertificateChainPolicy = PeerChainPolicy.Offline(),
                AllowTlsResume = false, // a resumed session would skip the roots of today
                RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                    certificate is null || IsMember(certificate, chain, snapshots, clock, logger),
            };
            return ValueTask.FromResult(options);
        },
    };

    private static bool IsMember(
        X509Certificate certificate, X509Chain? chain, SnapshotHolder snapshots, TimeProvider clock, ILogger logger)
    {
        if (PeerSvid.TryVerify(
            certificate as X509Certificate2,
            chain,
            domain => RootsOf(snapshots, domain),
            RevokedCertificates.Of(snapshots.Current.LocalBundle),
            clock.GetUtcNow(),
            out _,
            out var problem))
        {
            return true;
        }

        ControlPlaneLog.ClientRefused(logger, problem);
        return false;
    }

    // Only members of this mesh call its control plane: peers present a credential instead.
    private static X509Certificate2Collection? RootsOf(SnapshotHolder snapshots, string domain)
    {
        if (snapshots.Current.LocalBundle is not { } bundle || bundle.TrustDomain.Name != domain) return null;
        var roots = new X509Certificate2Collection();
        foreach (var pem in bundle.RootsPem) roots.ImportFromPem(pem);
        return roots;
    }
}

internal static partial class ControlPlaneLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "A client was refused at the TLS port: {Problem}")]
    public static partial void ClientRefused(ILogger logger, string problem);
}
