using System.Collections.Concurrent;
using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Istio;
using MeshOrleans.Xds.Protocol.Patches;
using MeshOrleans.Xds.Protocol.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>
/// A control plane of one mesh on real sockets: it serves what the test put in, and keeps what it was
/// asked.
/// </summary>
internal sealed class FakeControlPlane : IAsyncDisposable
{
    public const string Identity = "spiffe://cluster.local/ns/istio-system/sa/mesh-control-plane";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestAuthority _authority;
    private readonly WebApplication _app;
    private readonly Channel<DeltaDiscoveryRequest> _requests = Channel.CreateUnbounded<DeltaDiscoveryRequest>();
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, IMessage>> _resources = new();
    private volatile Stream? _stream;
    private int _nonce;

    private FakeControlPlane(TestAuthority authority, string identity, int port)
    {
        _authority = authority;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        var certificate = authority.Issue(identity);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (shown, _, _) => DateTime.Now < shown.NotAfter; // as the real one
            });
        }));
        _app = builder.Build();
        _app.MapGet("/v1/trust-bundle", WriteBundleAsync);
        _app.MapGrpcUnary(
            "/istio.v1.auth.IstioCertificateService/CreateCertificate", IstioCertificateRequest.Parser, (request, call) =>
                Task.FromResult(Sign(request, call)));
        _app.MapGrpc("/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources", ServeAsync);
    }

    public HostPort Address { get; private set; } = new("127.0.0.1", 1);

    /// <summary>The identity that certificates are signed for.</summary>
    public string Workload { get; set; } = "spiffe://cluster.local/ns/shop/sa/cart";

    public TimeSpan CertificateLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Whether a certificate that has ended is good for the next one.</summary>
    public volatile bool TakesEnded;

    /// <summary>Whether streams are refused with UNAVAILABLE.</summary>
    public volatile bool IsSyncing;

    /// <summary>What streams are refused with; null accepts them.</summary>
    public volatile GrpcStatus? Refusal;

    /// <summary>Whether streams are accepted and then not even answered with headers.</summary>
    public volatile bool IsSilent;

    /// <summary>Whether streams get their headers and nothing of what they ask for.</summary>
    public volatile bool IsSlow;

    private int _resourcesSent;
    private int _streams;

    /// <summary>How many resources all responses had together.</summary>
    public int ResourcesSent => Volatile.Read(ref _resourcesSent);

    /// <summary>How many streams were opened.</summary>
    public int Streams => Volatile.Read(ref _streams);

    public ConcurrentQueue<string> Signed { get; } = new();

    public static async Task<FakeControlPlane> StartAsync(
        TestAuthority authority, string identity = Identity, int port = 0)
    {
        var plane = new FakeControlPlane(authority, identity, port);
        await plane._app.StartAsync();
        plane.Address = new HostPort("127.0.0.1", new Uri(plane._app.Urls.First()).Port);
        return plane;
    }

    public JoinToken NewToken() =>
        JoinToken.Create(_authority.Root, System.Security.Cryptography.RandomNumberGenerator.Fill);

    /// <summary>What subscriptions are answered with from now on.</summary>
    public void Put(string typeUrl, string name, IMessage message) => Of(typeUrl)[name] = message;

    public void Put(IReadOnlyDictionary<string, IReadOnlyDictionary<string, IMessage>> mesh)
    {
        foreach (var (type, resources) in mesh)
        {
            foreach (var (name, message) in resources) Put(type, name, message);
        }
    }

    /// <summary>Sends a response on the open stream.</summary>
    /// <returns>Its nonce.</returns>
    public string Push(string typeUrl, IReadOnlyDictionary<string, IMessage> resources, params string[] removed)
    {
        var response = Response(typeUrl, resources);
        response.RemovedResources.AddRange(removed);
        _stream!.Outgoing.Writer.TryWrite(response);
        return response.Nonce;
    }

    /// <summary>Sends a resource as a patch of what was put in.</summary>
    /// <param name="typeUrl">Its type.</param>
    /// <param name="name">Its name; one that was not put in is patched out of something else.</param>
    /// <param name="after">What it becomes.</param>
    /// <param name="ofAnotherVersion">The patch says that it is of a version that nobody has.</param>
    /// <param name="spoil">The patch makes something else.</param>
    /// <returns>The nonce of the response.</returns>
    public string PushPatch(string typeUrl, string name, IMessage after, bool ofAnotherVersion = false, bool spoil = false)
    {
        var before = Of(typeUrl).GetValueOrDefault(name) ?? after;
        var (held, bytes) = (Any.Pack(before).ToByteArray(), Any.Pack(after).ToByteArray());
        var patch = new ResourcePatch
        {
            BaseVersion = ofAnotherVersion ? "another" : Version(before),
            Pieces = { new ResourcePatch.Types.Piece { Length = 10, Content = ByteString.CopyFrom(bytes.AsSpan(10)) } },
        };
        Assert.Equal(held[..10], bytes[..10]);
        if (spoil) patch.Pieces[0].Length = 9;
        var response = Response(typeUrl, new Dictionary<string, IMessage> { [name] = after });
        response.Resources[0].Resource_ = new Any { TypeUrl = ResourcePatches.TypeUrl, Value = patch.ToByteString() };
        _stream!.Outgoing.Writer.TryWrite(response);
        return response.Nonce;
    }

    /// <summary>Signs the request that the node carries, and pushes the certificate over SDS.</summary>
    public string PushCertificate(DeltaDiscoveryRequest request)
    {
        var csr = Convert.FromBase64String(request.Node.Metadata.Fields["MESH_CSR"].StringValue);
        var secret =
            new Secret { Name = "default", TlsCertificate = new() { CertificateChain = new() { InlineString = _authority.Sign(csr, Workload) } } };
        return Push(
            MeshOrleans.Xds.Protocol.TypeUrls.Secret, new Dictionary<string, IMessage> { ["default"] = secret });
    }

    /// <summary>Ends the open stream as a gateway does that is restarted.</summary>
    public void EndStream() => _stream?.Outgoing.Writer.TryComplete();

    /// <summary>The next request that is like this; the ones before it are dropped.</summary>
    public async Task<DeltaDiscoveryRequest> NextAsync(string what, Func<DeltaDiscoveryRequest, bool> predicate)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                var request = await _requests.Reader.ReadAsync(patience.Token);
                if (predicate(request)) return request;
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The sidecar has not sent {what} within {Patience.TotalSeconds:0} s.");
        }
    }

    public Task<DeltaDiscoveryRequest> AnswerToAsync(string nonce) =>
        NextAsync($"an answer to {nonce}", r => r.ResponseNonce == nonce);

    public ValueTask DisposeAsync()
    {
        EndStream();
        return _app.DisposeAsync();
    }

    private static async Task WriteAllAsync(Stream stream, GrpcServerCall call)
    {
        await foreach (var response in stream.Outgoing.Reader.ReadAllAsync(call.CancellationToken))
        {
            await call.WriteAsync(response, call.CancellationToken);
        }
    }

    private Task WriteBundleAsync(HttpContext context)
    {
        var pem = JsonEncodedText.Encode(_authority.RootPem);
        return context.Response.WriteAsync($$"""{ "trustDomain": "{{_authority.Domain}}", "roots": ["{{pem}}"], "sequence": 1 }""");
    }

    private IstioCertificateResponse Sign(IstioCertificateRequest request, GrpcServerCall call)
    {
        var hasToken = call.Metadata("authorization")?.StartsWith("Bearer mt1.", StringComparison.Ordinal) is true;
        var hasCertificate = call.HttpContext.Connection.ClientCertificate is not null;
        var pem = request.Csr;
        var csr = Convert.FromBase64String(pem[System.Security.Cryptography.PemEncoding.Find(pem).Base64Data]);
        var isEnded = !hasToken && IsEnded(request, csr);
        if (isEnded && !TakesEnded)
        {
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "Certificates that have ended do not count here.");
        }

        if (!hasToken && !hasCertificate && !isEnded)
        {
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "Neither token nor certificate.");
        }

        Signed.Enqueue(hasToken ? "token" : isEnded ? "ended" : "certificate");
        return new IstioCertificateResponse { CertChain = { _authority.Sign(csr, Workload, CertificateLifetime) } };
    }

    private static bool IsEnded(IstioCertificateRequest request, byte[] csr)
    {
        var fields = request.Metadata.Fields;
        if (!fields.TryGetValue(EndedCertificateProof.ChainField, out var chain)) return false;
        var shown = EndedCertificateProof.ReadChain(chain.StringValue);
        Assert.NotNull(shown);
        return shown[0].NotAfter <= DateTime.Now
            && EndedCertificateProof.IsSigned(
                shown[0], csr, Convert.FromBase64String(fields[EndedCertificateProof.SignatureField].StringValue));
    }

    private async Task ServeAsync(GrpcServerCall call)
    {
        if (IsSyncing) throw new GrpcException(GrpcStatusCode.Unavailable, "The server is not ready.");
        Interlocked.Increment(ref _streams);
        if (Refusal is { } refusal) throw new GrpcException(refusal);
        if (!IsSilent) await call.StartAsync(call.CancellationToken);
        var stream = new Stream();
        _stream = stream;
        var writing = WriteAllAsync(stream, call);
        var reading = ReadAllAsync(stream, call);
        await Task.WhenAny(writing, reading);
        stream.Outgoing.Writer.TryComplete();
        await writing;
    }

    private async Task ReadAllAsync(Stream stream, GrpcServerCall call)
    {
        while (await call.ReadAsync(DeltaDiscoveryRequest.Parser, call.CancellationToken) is { } request)
        {
            _requests.Writer.TryWrite(request);
            if (request.ResourceNamesSubscribe.Count == 0 || IsSilent || IsSlow) continue;
            var all = request.ResourceNamesSubscribe.Contains("*");
            var known = request.InitialResourceVersions;
            var wanted = Of(request.TypeUrl)
                .Where(r => all || request.ResourceNamesSubscribe.Contains(r.Key))
                .Where(r => !known.TryGetValue(r.Key, out var version) || version != Version(r.Value))
                .ToDictionary(r => r.Key, r => r.Value);
            var isHeld = request.TypeUrl == MeshOrleans.Xds.Protocol.TypeUrls.Secret
                && Of(request.TypeUrl).Any(r => known.TryGetValue(r.Key, out var version) && version == Version(r.Value));
            if (wanted.Count > 0 || all || isHeld) stream.Outgoing.Writer.TryWrite(Response(request.TypeUrl, wanted));
        }
    }

    private DeltaDiscoveryResponse Response(string typeUrl, IReadOnlyDictionary<string, IMessage> resources)
    {
        var response =
            new DeltaDiscoveryResponse { TypeUrl = typeUrl, Nonce = $"n{Interlocked.Increment(ref _nonce)}", SystemVersionInfo = "v" };
        Interlocked.Add(ref _resourcesSent, resources.Count);
        response.Resources.AddRange(
            resources.Select(
                r => new Resource { Name = r.Key, Version = Version(r.Value), Resource_ = Any.Pack(r.Value) }));
        return response;
    }

    private static string Version(IMessage message) =>
        MeshOrleans.Xds.Protocol.ContentVersion.Of(Any.Pack(message).ToByteArray());

    private ConcurrentDictionary<string, IMessage> Of(string typeUrl) => _resources.GetOrAdd(typeUrl, _ => new());

    private sealed class Stream
    {
        public Channel<DeltaDiscoveryResponse> Outgoing { get; } = Channel.CreateUnbounded<DeltaDiscoveryResponse>();
    }
}
