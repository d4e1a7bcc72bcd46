using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Istio;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Benchmarks.Identities;

/// <summary>
/// What a sidecar is to the authority: a key, a certificate, a stream over mutual TLS, and the next key, whose request it has staged
/// there. The private half of a key never leaves it.
/// </summary>
internal sealed class SimulatedNode : IAsyncDisposable
{
    private const string Certificates = "/istio.v1.auth.IstioCertificateService/CreateCertificate";
    private const string Discovery = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

    private readonly string _namespace;
    private readonly string _account;
    private readonly Uri _gateway;
    private readonly X509Certificate2 _root;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ECDsa _staged = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private X509Certificate2? _certificate;
    private X509Certificate2Collection _issuers = [];
    private Task _loop = Task.CompletedTask;

    public SimulatedNode(int number, int namespaces, string gateway, X509Certificate2 root)
    {
        (_namespace, _account) = ($"ns-{number % namespaces}", $"sa-{number}");
        (_gateway, _root) = (new Uri($"https://{gateway}"), root);
        Id = $"sidecar~10.{number >> 16}.{(number >> 8) & 255}.{number & 255}~node-{number}.{_namespace}~{_namespace}.svc.cluster.local";
    }

    /// <summary>Its node id.</summary>
    public string Id { get; }

    /// <summary>The serial of the certificate that it joined with.</summary>
    public string FirstSerial { get; private set; } = "";

    /// <summary>When its next certificate came, as a timestamp.</summary>
    public Task<long> Replaced => _replaced.Task;

    /// <summary>Gets its first certificate.</summary>
    /// <param name="mint">Mints a token for a namespace and a service account.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task JoinAsync(Func<string, string, Task<string>> mint, CancellationToken cancellationToken)
    {
        var token = await mint(_namespace, _account);
        using var invoker = new HttpMessageInvoker(Handler(certificate: null));
        var request = new IstioCertificateRequest
        {
            Csr = PemEncoding.WriteString("CERTIFICATE REQUEST", Csr()),
            Metadata = new() { Fields = { ["NODE_ID"] = Value.ForString(Id) } },
        };
        var response = await new GrpcChannel(invoker, _gateway, TimeProvider.System).UnaryAsync(
            Certificates, request, IstioCertificateResponse.Parser, GrpcCallOptions.Default.WithBearer(token), cancellationToken);
        FirstSerial = Take(string.Join('\n', response.CertChain.SkipLast(1))); // the last are the roots
    }

    /// <summary>Opens its stream, and waits until it has the mesh's roots.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        _loop = StreamAsync();
        await (await Task.WhenAny(_open.Task, _loop)).WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _loop;
        }
        catch (Exception exception) when (exception is OperationCanceledException or GrpcException)
        {
            // it was told to end, or has said why it did
        }

        _stop.Dispose();
        _certificate?.Dispose();
        _staged.Dispose();
    }

    private async Task StreamAsync()
    {
        using var invoker = new HttpMessageInvoker(Handler(_certificate));
        var channel = new GrpcChannel(invoker, _gateway, TimeProvider.System);
        await using var call = channel.OpenDuplex<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
            Discovery, DeltaDiscoveryResponse.Parser, GrpcCallOptions.Default, _stop.Token);
        await call.WriteAsync(
            new DeltaDiscoveryRequest
            {
                TypeUrl = TypeUrls.Secret,
                Node = Node(),
                ResourceNamesSubscribe = { SecretTranslator.CertificateName, SecretTranslator.RootCaName },
            },
            _stop.Token);
        try
        {
            await foreach (var response in call.ReadAllAsync(_stop.Token))
            {
                var next = response.Resources.FirstOrDefault(r => r.Name == SecretTranslator.CertificateName);
                var answer = new DeltaDiscoveryRequest { TypeUrl = response.TypeUrl, ResponseNonce = response.Nonce };
                if (next is not null)
                {
                    Take(next.Resource_.Unpack<Secret>().TlsCertificate.CertificateChain.InlineString);
                    answer.Node = Node();
                    _replaced.TrySetResult(Stopwatch.GetTimestamp());
                }

                await call.WriteAsync(answer, _stop.Token);
                _open.TrySetResult();
            }
        }
        catch (Exception exception)
        {
            _replaced.TrySetException(exception);
            throw;
        }
    }

    // Pairs the certificate with the key that was staged for it, and stages the next one.
    private string Take(string chain)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(chain);
        var own = all[0].CopyWithPrivateKey(_staged); // throws for another key
        all[0].Dispose();
        all.RemoveAt(0);
        _issuers = all;
        _certificate?.Dispose();
        _certificate = own;
        _staged.Dispose();
        _staged = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return own.SerialNumber;
    }

    private byte[] Csr() => new CertificateRequest("", _staged, HashAlgorithmName.SHA256).CreateSigningRequest();

    private Node Node() => new()
    {
        Id = Id,
        UserAgentName = "mesh-sidecar",
        Metadata = new()
        {
            Fields =
            {
                ["NAMESPACE"] = Value.ForString(_namespace),
                ["SERVICE_ACCOUNT"] = Value.ForString(_account),
                ["MESH_CSR"] = Value.ForString(Convert.ToBase64String(Csr())),
            },
        },
    };

    private SocketsHttpHandler Handler(X509Certificate2? certificate)
    {
        var handler = GrpcChannel.CreateHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { _root },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.RemoteCertificateValidationCallback =
            (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, _issuers, offline: true);
        }

        return handler;
    }
}
