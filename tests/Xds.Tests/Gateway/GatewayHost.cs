using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Model;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway;
using MeshOrleans.Xds.Gateway.Admission;
using MeshOrleans.Xds.Gateway.Hosting;
using MeshOrleans.Xds.Gateway.Identity;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Grpc;
using MeshOrleans.Xds.Tests.Translation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>The whole gateway on a real Kestrel, over grains in memory and a clock that the test moves.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    /// <summary>The metadata by which a test client says who it is; the real authenticator has its own tests.</summary>
    public const string IdentityHeader = "test-identity";

    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _invoker = new(GrpcChannel.CreateHandler());

    private readonly List<HttpMessageInvoker> _others = [];
    private X509Certificate2? _serving;

    private GatewayHost(WebApplication app, FakeGrains grains, ManualTimeProvider clock, TestLog log)
    {
        (_app, Grains, Clock, Log) = (app, grains, clock, log);
        Address = new Uri(app.Urls.Single());
        Channel = new GrpcChannel(_invoker, Address, TimeProvider.System);
    }

    public Uri Address { get; }

    public FakeGrains Grains { get; }

    public ManualTimeProvider Clock { get; }

    public TestLog Log { get; }

    public GrpcChannel Channel { get; }

    public SnapshotHolder Snapshots => _app.Services.GetRequiredService<SnapshotHolder>();

    /// <summary>The mesh as new streams are told it: what the gateway has received and made its picture.</summary>
    public MeshSnapshot Pictured => _app.Services.GetRequiredService<PushSource>().Current!.Snapshot;

    public string Name => _app.Services.GetRequiredService<GatewayName>().Value;

    public GatewayStatus Status => _app.Services.GetRequiredService<GatewayStatus>();

    public ScopeBook Scopes => _app.Services.GetRequiredService<ScopeBook>();

    public StreamAdmission Admission => _app.Services.GetRequiredService<StreamAdmission>();

    public string Metrics => _app.Services.GetRequiredService<GatewayMetrics>().ToPrometheus();

    /// <summary>A gateway that knows the test mesh. Configuration is pushed without debounce unless options say otherwise.</summary>
    /// <remarks>With a serving certificate it speaks TLS, asks for client certificates and looks at them itself.</remarks>
    public static async Task<GatewayHost> StartAsync(
        MeshSnapshot? mesh = null,
        Action<XdsGatewayOptions>? configure = null,
        X509Certificate2? serving = null,
        IRandomSource? random = null,
        Action<IServiceCollection>? services = null)
    {
        var host = await StartEmptyAsync(configure, serving, random, services);
        host.Grains.Mesh.Load(mesh ?? TestMesh.Of(TestMesh.Services, TestMesh.Workloads).Snapshot);
        await host.UntilAsync(() => host.Snapshots.IsSynced && host.Metrics.Length > 0, "the gateway is synced");
        await host.UntilServingAsync();
        return host;
    }

    /// <summary>A gateway that knows nothing yet.</summary>
    public static async Task<GatewayHost> StartEmptyAsync(
        Action<XdsGatewayOptions>? configure = null,
        X509Certificate2? serving = null,
        IRandomSource? random = null,
        Action<IServiceCollection>? services = null)
    {
        var (grains, clock, log) = (new FakeGrains(), new ManualTimeProvider(), new TestLog());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddSingleton<IGrainFactory>(grains);
        builder.Services.AddSingleton<TimeProvider>(clock);
        if (random is not null) builder.Services.AddSingleton(random);
        services?.Invoke(builder.Services);
        builder.Services.AddXdsGateway();
        builder.Services.Configure<GatewayAddresses>(a => (a.Xds, a.Api) = (() => "10.0.0.1:15012", () => "http://10.0.0.1"));
        if (serving is null) builder.Services.Replace(ServiceDescriptor.Singleton<IPeerAuthenticator, HeaderAuthenticator>());
        builder.Services.Configure<XdsGatewayOptions>(
            o => (o.Debounce, o.MaxStreamAge, o.DrainTime) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero));
        if (configure is not null) builder.Services.Configure(configure);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            XdsServerLimits.Apply(kestrel.Limits);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (serving is not null)
                {
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = serving;
                        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                        https.AllowAnyClientCertificate(); // the real listener verifies; here only the name counts
                    });
                }

                listen.UseXdsFloodGuard();
            });
        });
        var app = builder.Build();
        app.MapXds();
        await app.StartAsync();
        return new GatewayHost(app, grains, clock, log) { _serving = serving };
    }

    /// <summary>Waits for something that another thread does; fails with its name.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Waited in vain until {what}.");
            await Task.Delay(5, CancellationToken.None);
        }
    }

    /// <summary>Waits until the mesh as of a revision is what streams are brought to, as far as no debounce holds it back.</summary>
    public Task PicturesAsync(long revision) => UntilAsync(
        () => _app.Services.GetRequiredService<PushSource>().Current?.Revision == revision, $"revision {revision} is in the picture");

    /// <summary>
    /// Waits until the client's node is to be told of an endpoint. A picture of the mesh comes to the scopes one by one.
    /// </summary>
    public Task BringsAsync(string cluster, string address) => UntilAsync(
        () => Status.FindResources(new ProxyKey("", AdsClient.NodeId))?.Endpoints.Find(cluster) is { } endpoints
            && endpoints.ToAny().Unpack<ClusterLoadAssignment>().ToString().Contains($"\"{address}\"", StringComparison.Ordinal),
        $"{address} of {cluster} is due");

    /// <summary>
    /// Waits until the streams have written what they had of a type and wait for news. A client may have read all of a
    /// response whose writing has not ended yet, and the time-out of writing is of the host's clock.
    /// </summary>
    public Task WritesEndedAsync(string typeUrl) => UntilAsync(
        () => Status.List() is { Length: > 0 } streams && streams.All(s => s.Types.Any(t => t.TypeUrl == typeUrl)),
        $"{typeUrl} is written on every stream");

    /// <summary>Moves the clock step by step until something has come about.</summary>
    public Task AdvanceUntilAsync(Func<bool> condition, TimeSpan? step = null) =>
        UntilAsync(
            () =>
            {
                if (!condition()) Clock.Advance(step ?? TimeSpan.FromMilliseconds(50));
                return condition();
            },
            "the clock has brought it about");

    /// <summary>A channel of its own over TLS, to this host and no other.</summary>
    public GrpcChannel TlsChannel(X509Certificate2? client)
    {
        var handler = GrpcChannel.CreateHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, server, _, _) => server?.GetCertHashString() == _serving?.GetCertHashString();
        if (client is not null) handler.SslOptions.ClientCertificates = [client];
        _others.Add(new HttpMessageInvoker(handler));
        return new GrpcChannel(_others[^1], Address, TimeProvider.System);
    }

    public AdsClient Sotw(string? identity = null) => new(this, delta: false, identity);

    public AdsClient Delta(string? identity = null) => new(this, delta: true, identity);

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        _invoker.Dispose();
        _others.ForEach(other => other.Dispose());
        await _app.DisposeAsync();
    }

    private async Task UntilServingAsync()
    {
        var board = _app.Services.GetRequiredService<GrpcHealthBoard>();
        await UntilAsync(() => board.Find("") == Protocol.Health.HealthCheckResponse.Types.ServingStatus.Serving, "streams are accepted");
    }

    private sealed class HeaderAuthenticator : IPeerAuthenticator
    {
        public Task<ClientIdentity> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken)
        {
            var parts = context.Request.Headers[IdentityHeader].ToString().Split('#');
            return Task.FromResult(parts[0].Length == 0
                ? new ClientIdentity(null, "")
                : new ClientIdentity(
                    SpiffeId.Parse(parts[0]), parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? ""));
        }
    }
}
