using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Edge;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;

namespace MeshOrleans.Proxy.Tests.Dataplane.Edge;

/// <summary>A data plane at the edge, and clients from outside.</summary>
internal sealed class EdgeGateway : IAsyncDisposable
{
    private readonly TestProxy _proxy;

    private EdgeGateway(TestProxy proxy) => _proxy = proxy;

    public EdgeAuthority Authority { get; } = new();

    public TestCredentials Credentials { get; private init; } = null!;

    public IEnumerable<string> Log => _proxy.Log;

    public ProxyState State => _proxy.State;

    /// <summary>Connections of bytes and requests that are under way.</summary>
    public int InFlight => _proxy.Server.Drain.InFlight;

    public static async Task<EdgeGateway> StartAsync(TlsIdentity? identity = null)
    {
        var credentials = new TestCredentials();
        var proxy = await TestProxy.StartAsync(ProxyModel.Empty, identity, configure: options =>
        {
            (options.Outbound, options.Edge) = (null, credentials);
            options.Inbound = new Dictionary<int, IPEndPoint>();
        });
        return new EdgeGateway(proxy) { Credentials = credentials };
    }

    /// <summary>Puts listeners and clusters in force and waits until the sockets are as they say.</summary>
    public async Task ApplyAsync(ClusterModel[] clusters, params EdgeListenerModel[] listeners)
    {
        _proxy.State.Apply((ProxyModel.Empty with
        {
            Edge = listeners.ToFrozenDictionary(l => l.Name),
        }).With(clusters));
        await Eventually.HoldsAsync("model carried out", () => _proxy.Server.Edge!.IsUpToDate);
    }

    public EdgeListenerStatus StatusOf(string listener) => _proxy.Server.Edge!.Status.Single(s => s.Name == listener);

    public int PortOf(string listener) => StatusOf(listener).Port;

    /// <summary>
    /// A client that takes every host to a listener, and trusts the test's authority; one of the mesh trusts whomever it meets.
    /// </summary>
    public HttpClient Client(string listener, X509Certificate2? certificate = null, bool isMesh = false)
    {
        var port = PortOf(listener);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        handler.SslOptions.CertificateChainPolicy = OnlyTheAuthority();
        if (isMesh) handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null;
        if (certificate is not null)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
            handler.SslOptions.ClientCertificates = [certificate];
        }

        return new HttpClient(handler);
    }

    /// <summary>The certificate that a listener shows for a name; it must be good for that name.</summary>
    public async Task<string> SerialAsync(string listener, string serverName)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, PortOf(listener));
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            CertificateChainPolicy = OnlyTheAuthority(),
        });
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }

    public static EdgeListenerModel Listener(string name, params EdgeChainModel[] chains) =>
        new(name, new IPEndPoint(IPAddress.Loopback, 0), [.. chains]);

    /// <summary>A chain that ends TLS for a name with the credential of that name.</summary>
    public static EdgeChainModel Https(string serverName, RouteTableModel routes, EdgeTlsModel? tls = null) => new()
    {
        Name = serverName,
        ServerNames = [serverName],
        IsTls = true,
        Tls = tls ?? Tls(serverName),
        Routes = routes,
    };

    public static EdgeTlsModel Tls(string credential) =>
        new() { Key = credential, Certificates = [new EdgeCertificateName(credential)], IsHttp = true };

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    private X509ChainPolicy OnlyTheAuthority() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        CustomTrustStore = { Authority.Root },
    };
}
