using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Outbound;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Makes connections, with the handshake that the kind asks for.</summary>
internal sealed class UpstreamConnector(
    ProxyState state,
    PeerVerifier verifier,
    OwnPort own,
    CredentialFolder credentials,
    RevokedFiles revoked,
    ServerConnections servers)
{
    private static readonly List<SslApplicationProtocol> MeshHttp2 =
        [MeshAlpn.IstioHttp2, MeshAlpn.Istio, SslApplicationProtocol.Http2];
    private static readonly List<SslApplicationProtocol> MeshHttp1 =
        [MeshAlpn.IstioHttp11, MeshAlpn.Istio, SslApplicationProtocol.Http11];
    private static readonly List<SslApplicationProtocol> MeshBytes = [MeshAlpn.Istio];
    private static readonly List<SslApplicationProtocol> Http2 = [SslApplicationProtocol.Http2];
    private static readonly List<SslApplicationProtocol> Http11 = [SslApplicationProtocol.Http11];

    private const int LongestProbe = 32767; // as far as Linux counts

    private readonly TlsFileStore _files = new(credentials);

    /// <summary>A connection for the requests of whoever has some.</summary>
    public ValueTask<Stream> ConnectAsync(
        PoolKind kind, UpstreamSettings settings, DnsEndPoint target, CancellationToken cancellationToken) =>
        ConnectAsync(kind, settings, target, null, cancellationToken);

    /// <summary>A connection whose bytes nobody here reads, secured as its cluster says.</summary>
    public async ValueTask<Stream> ConnectBytesAsync(
        ClusterPlan plan, EndpointModel endpoint, BytesCall call, CancellationToken cancellationToken)
    {
        var kind = UpstreamPoolFactory.KindFor(plan.Model, endpoint, downstreamIsHttp2: false, isUpgrade: true);
        var target = new DnsEndPoint(endpoint.Address, endpoint.Port);
        var stream = await ConnectAsync(kind, plan.Settings, target, call, cancellationToken).ConfigureAwait(false);
        if (call.Relay.Tunnel.Length == 0) return stream;
        try
        {
            return call.Relay.IsTunnelByPost
                ? await PostTunnel.OpenAsync(stream, call.Relay.Tunnel, cancellationToken).ConfigureAwait(false)
                : await ConnectTunnel.OpenAsync(stream, call.Relay.Tunnel, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask<Stream> ConnectAsync(
        PoolKind kind,
        UpstreamSettings settings,
        DnsEndPoint target,
        BytesCall? call,
        CancellationToken cancellationToken)
    {
        var isBytes = call is not null;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (settings.Connection.Probes is { } probes) Probe(socket, probes);
        var count = state.Current.Clusters.GetValueOrDefault(settings.Cluster)?.State.Connections;
        ServerConnection? server = null;
        Stream? stream = null;
        var judged = new JudgedServer();
        try
        {
            if (IPAddress.TryParse(target.Host, out var address))
            {
                await socket.ConnectAsync(
                    new IPEndPoint(address, target.Port), cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await socket.ConnectAsync(target, cancellationToken).ConfigureAwait(false);
            }

            var isOwn = own.IsOtherEndOf(socket)
                || (settings.IsApplication && socket.RemoteEndPoint is IPEndPoint end && own.IsAt(end));
            if (isOwn) throw new UpstreamConnectException("The destination is this proxy itself.");
            var isPlain = kind is PoolKind.PlainHttp1 or PoolKind.PlainHttp2;
            if (!isPlain) server = new ServerConnection(socket, settings, count, servers);
            stream = server ?? new CountedStream(socket, count);
            if (settings.Header is not ProxyHeaderVersion.None)
            {
                var header = ProxyHeader.Of(
                    settings.Header, call?.Source, call?.Destination ?? socket.RemoteEndPoint as IPEndPoint);
                await stream.WriteAsync(header, cancellationToken).ConfigureAwait(false);
            }

            if (server is null) return stream;
            var tls = isBytes ? new RelayedTls(stream) : new SslStream(stream, leaveInnerStreamOpen: false);
            stream = tls;
            var options = kind is PoolKind.MeshHttp1 or PoolKind.MeshHttp2
                ? Mesh(kind, settings.Tls, judged, server)
                : Simple(kind, settings.Tls, target, judged, server);
            if (isBytes) options.ApplicationProtocols = kind is PoolKind.MeshHttp1 ? MeshBytes : null;
            await tls.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            if (kind is PoolKind.MeshHttp2 or PoolKind.SimpleHttp2 && !MeshAlpn.IsHttp2(tls.NegotiatedApplicationProtocol))
            {
                throw new UpstreamConnectException("The server did not agree to HTTP/2.");
            }

            if (!servers.Add(server))
            {
                throw new UpstreamConnectException("The server's certificate has been revoked since its handshake.");
            }

            return stream;
        }
        catch (Exception exception)
        {
            count?.Fail();
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            else socket.Dispose();
            if (exception is SocketException or AuthenticationException or CryptographicException
                or IOException and not UpstreamConnectException)
            {
                throw new UpstreamConnectException(
                    judged.Problem.Length > 0 ? $"The server's certificate was refused: {judged.Problem}" : exception.Message,
                    exception);
            }

            throw;
        }
    }

    private static void Probe(Socket socket, TcpProbesModel probes)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        Set(SocketOptionName.TcpKeepAliveRetryCount, probes.Count);
        Set(SocketOptionName.TcpKeepAliveTime, probes.Time);
        Set(SocketOptionName.TcpKeepAliveInterval, probes.Interval);

        void Set(SocketOptionName name, int? value)
        {
            if (value is not > 0) return;
            socket.SetSocketOption(SocketOptionLevel.Tcp, name, Math.Min(value.Value, LongestProbe));
        }
    }

    private SslClientAuthenticationOptions Mesh(PoolKind kind, UpstreamTlsModel tls, JudgedServer judged, ServerConnection server)
    {
        var identity = state.Identity ?? throw new OwnCredentialException("This sidecar has no certificate yet.");
        return new SslClientAuthenticationOptions
        {
            AllowRenegotiation = false,
            AllowTlsResume = false, // a resumed session would skip the peer's check after its trust has changed
            ApplicationProtocols = kind is PoolKind.MeshHttp2 ? MeshHttp2 : MeshHttp1,
            CertificateChainPolicy = PeerChainPolicy.Offline(),
            ClientCertificateContext = identity.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            TargetHost = tls.Sni,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                var leaf = certificate as X509Certificate2;
                var peer = verifier.Verify(leaf, chain, identity, out var problem);
                var isMeant = peer is not null && tls.Allows(peer.ToString());
                judged.Problem = isMeant || peer is null ? problem : $"It proves to be {peer}, who is not meant.";
                if (isMeant) server.Shown = ShownChain.OfMesh(peer!, leaf!, chain);
                return isMeant;
            },
        };
    }

    private (TlsFileStore.Material Files, FrozenSet<(string Issuer, string Serial)> Revoked) FilesOf(UpstreamTlsModel tls)
    {
        try
        {
            return (_files.Read(tls), revoked.Read(tls.RevokedFile));
        }
        catch (Exception exception) when (exception is IOException or CryptographicException)
        {
            throw new OwnCredentialException(exception.Message, exception);
        }
    }

    private SslClientAuthenticationOptions Simple(
        PoolKind kind, UpstreamTlsModel tls, DnsEndPoint target, JudgedServer judged, ServerConnection server)
    {
        var (files, bad) = FilesOf(tls);
        var policy = PeerChainPolicy.Offline();
        if (!tls.RootsPem.IsEmpty || files.Roots.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            foreach (var pem in tls.RootsPem) policy.CustomTrustStore.ImportFromPem(pem);
            policy.CustomTrustStore.AddRange(files.Roots);
        }

        return new SslClientAuthenticationOptions
        {
            AllowRenegotiation = false,
            ApplicationProtocols = kind is PoolKind.SimpleHttp2 ? Http2 : Http11,
            CertificateChainPolicy = policy,
            ClientCertificateContext = files.Certificate,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            TargetHost = tls.Sni.Length > 0 ? tls.Sni : target.Host,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                server.Shown = chain is null ? null : ShownChain.Of(chain);
                judged.Problem = tls.SkipVerification ? "" // the operator's, by name and for this cluster alone
                    : server.Shown?.FindIn(bad) is { } subject ? $"{subject} is revoked."
                    : ProblemOf(tls, certificate as X509Certificate2, chain, errors);
                return judged.Problem.Length == 0;
            },
        };
    }

    private static string ProblemOf(
        UpstreamTlsModel tls, X509Certificate2? leaf, X509Chain? chain, SslPolicyErrors errors)
    {
        var hasNames = !tls.AllowedDnsNames.IsEmpty || !tls.AllowedUris.IsEmpty;
        var faults = hasNames ? errors & ~SslPolicyErrors.RemoteCertificateNameMismatch : errors;
        if (faults is not SslPolicyErrors.None)
        {
            return $"It is not good ({faults}: {string.Join(", ", chain?.ChainStatus.Select(s => s.Status) ?? [])}).";
        }

        var isMeant = !hasNames
            || (leaf is not null
                && (tls.AllowedDnsNames.Any(name => leaf.MatchesHostname(name))
                    || PeerSvid.ReadUris(leaf).Any(uri => tls.AllowedUris.Contains(uri))));
        return isMeant ? "" : "It has none of the names that are meant.";
    }

    /// <summary>What was found of the server in a handshake.</summary>
    private sealed class JudgedServer
    {
        public string Problem { get; set; } = "";
    }
}
