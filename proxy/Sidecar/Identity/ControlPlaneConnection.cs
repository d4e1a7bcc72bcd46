using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// One connection to a gateway: mutual TLS with the certificate of the moment, while it is one, and the server must prove to
/// be the control plane of this mesh. A certificate that has ended is not shown: it would end the handshake, and with it the
/// way to another one.
/// </summary>
internal sealed class ControlPlaneConnection : IDisposable
{
    private readonly Trust _trust;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _invoker;
    private volatile string? _problem;

    /// <param name="attempt">Where to, and how long connecting may take.</param>
    /// <param name="identity">Who asks, and whom it believes.</param>
    /// <param name="clock">The clock.</param>
    public ControlPlaneConnection(GatewayAttempt attempt, SidecarIdentity identity, TimeProvider clock)
    {
        _trust = identity.Trust ?? throw new ArgumentException("There is no trust bundle yet.", nameof(identity));
        _clock = clock;
        var handler = GrpcChannel.CreateHandler();
        handler.ConnectTimeout = attempt.ConnectTimeout;
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            TargetHost = attempt.Gateway.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateContext = identity.IsValid(clock.GetUtcNow()) ? identity.Tls.Context : null,
            CertificateChainPolicy = PeerChainPolicy.Offline(),
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                IsControlPlane(certificate as X509Certificate2, chain),
        };
        _invoker = new HttpMessageInvoker(handler, disposeHandler: true);
        Channel = new GrpcChannel(_invoker, attempt.Gateway.Https, clock);
    }

    public GrpcChannel Channel { get; }

    /// <summary>Why the server was not believed; null when it was, or has not been reached.</summary>
    public string? Problem => _problem;

    public void Dispose() => _invoker.Dispose();

    private bool IsControlPlane(X509Certificate2? leaf, X509Chain? chain)
    {
        _problem = leaf is null ? "it shows no certificate" : Check(leaf, chain);
        return _problem is null;
    }

    private string? Check(X509Certificate2 leaf, X509Chain? chain)
    {
        if (CertificateCheck.FindFault(leaf, chain, _trust, _clock.GetUtcNow(), out var id) is { } fault) return fault;
        var expected = ControlPlaneIdentity.Of(_trust.Own);
        return id == expected ? null : $"it proves to be {id} and not {expected}";
    }
}
