using System.Collections.Immutable;
using System.Net;
using System.Text;
using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Authorizers;
using MeshOrleans.Proxy.Dataplane.Edge;
using MeshOrleans.Proxy.Dataplane.Health;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Outbound;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Tls;
using MeshOrleans.Proxy.Dataplane.Upstream;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace MeshOrleans.Proxy.Dataplane;

/// <summary>The running data plane: its listeners, its counters, its end.</summary>
public sealed class DataplaneServer : IAsyncDisposable
{
    private const int StreamsPerConnection = 1000;
    private const int ConnectionWindow = 4 * 1024 * 1024;
    private const int StreamWindow = 1024 * 1024;
    private const int MaxHeaderBytes = 60 * 1024;

    private readonly WebApplication _app;
    private readonly AccessLog? _accessLog;
    private readonly OwnPort _own;
    private readonly RevokedFiles _revoked;
    private HealthCheckers? _checkers;

    private DataplaneServer(
        WebApplication app,
        AccessLog? accessLog,
        ProxyMetrics metrics,
        DrainState drain,
        OwnPort own,
        RevokedFiles revoked) =>
        (_app, _accessLog, Metrics, Drain, _own, _revoked) = (app, accessLog, metrics, drain, own, revoked);

    /// <summary>The port on which the outbound proxy listens; 0 for a gateway.</summary>
    public int OutboundPort { get; private set; }

    /// <summary>The open sockets of a gateway; null for a sidecar.</summary>
    public EdgeListeners? Edge { get; private set; }

    /// <summary>The ports on which callers are accepted, by workload port.</summary>
    public IReadOnlyDictionary<int, int> InboundPorts { get; private set; } = new Dictionary<int, int>();

    /// <summary>The counters.</summary>
    public ProxyMetrics Metrics { get; }

    /// <summary>What does not work while the rest does, a sentence each.</summary>
    public ImmutableArray<string> Faults => _revoked.Faults;

    /// <summary>Whether new work is taken.</summary>
    public DrainState Drain { get; }

    /// <summary>
    /// Binds all sockets and begins to serve whatever model and identity <paramref name="state"/> holds.
    /// </summary>
    /// <param name="options">The sockets.</param>
    /// <param name="state">The model and identity; swapped by the caller while this runs. Not disposed here.</param>
    /// <param name="loggers">Where warnings go.</param>
    /// <param name="clock">The time.</param>
    /// <param name="random">The chance.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<DataplaneServer> StartAsync(
        DataplaneOptions options,
        ProxyState state,
        ILoggerFactory loggers,
        TimeProvider clock,
        IRandomSource random,
        CancellationToken cancellationToken)
    {
        var (metrics, drain, verifier) =
            (new ProxyMetrics(options.Workload), new DrainState(), new PeerVerifier(clock));
        var own = new OwnPort();
        var revoked = new RevokedFiles(state, clock, loggers.CreateLogger<RevokedFiles>());
        var revocations = new Revocations(state, revoked);
        var services = new InboundServices(state, options, verifier, revocations, metrics, drain, own, clock);
        var connector = new UpstreamConnector(
            state,
            verifier,
            own,
            new CredentialFolder(options.CredentialsDirectory),
            revoked,
            new ServerConnections(state, revocations, loggers.CreateLogger<ServerConnections>()));
        var edge = EdgeServer.Create(services, connector, random, loggers);
        var accessLog = AccessLog.Open(options.AccessLog);
        var tunnel = new OutboundTunnel(
            services, new OutboundRelay(services, connector, accessLog, random), options.HostDemand, own);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear(); // a sidecar takes nothing from the application's environment
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddHttpForwarder();
        edge?.AddTo(builder.Services);
        builder.WebHost.UseKestrelHttpsConfiguration();
        // .NET's own HTTP/2 hands each request to another thread, and what it holds meanwhile would stop whoever is inline
        var isInline = options.HopEngine is HopEngine.Mesh;
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = isInline);
        var bound = new Dictionary<int, ListenOptions>();
        ListenOptions? outbound = null;
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Limit(kestrel);
            edge?.Configure(kestrel);
            if (options.Outbound is { } endpoint)
            {
                kestrel.Listen(endpoint, listen =>
                {
                    outbound = listen;
                    new OutboundListener(services, tunnel).Configure(listen);
                });
            }

            foreach (var (port, address) in options.Inbound)
            {
                var listener = new InboundListener(port, services, loggers.CreateLogger<InboundListener>());
                kestrel.Listen(address, listen =>
                {
                    bound[port] = listen;
                    listener.Configure(listen);
                });
            }
        });

        var app = builder.Build();
        var server = new DataplaneServer(app, accessLog, metrics, drain, own, revoked);
        try
        {
            server.Serve(services, connector, own, edge, loggers, random);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            own.Number = server.OutboundPort = (outbound?.EndPoint as IPEndPoint)?.Port ?? 0;
            server.InboundPorts = bound.ToDictionary(b => b.Key, b => ((IPEndPoint)b.Value.EndPoint).Port);
            own.Reserve(bound.Values.Select(b => (IPEndPoint)b.EndPoint));
            server.Edge = edge?.Open();
            revoked.Start();
            server._checkers = new HealthCheckers(new CheckTools(state, connector, metrics.Checks, random, clock));
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Takes no new connections, lets requests in flight finish within <see cref="DrainState.Cap"/>, and ends.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Drain.Begin();
        if (Edge is not null) await Edge.DisposeAsync().ConfigureAwait(false);
        using var cap = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        cap.CancelAfter(DrainState.Cap);
        await _app.StopAsync(cap.Token).ConfigureAwait(false);
    }

    /// <summary>Ends at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_checkers is not null) await _checkers.DisposeAsync().ConfigureAwait(false);
        if (Edge is not null) await Edge.DisposeAsync().ConfigureAwait(false);
        await _revoked.DisposeAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        if (_accessLog is not null) await _accessLog.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ports of this process, on the loopback, that are nobody's application: none is ever led there.</summary>
    public void Reserve(params ReadOnlySpan<int> ports)
    {
        var sockets = new List<IPEndPoint>();
        foreach (var port in ports) sockets.Add(new IPEndPoint(IPAddress.Loopback, port));
        _own.Reserve(sockets);
    }

    private static Http2Server HopOf(InboundHandler inbound, TimeProvider clock) => new(
        new ServerOptions
        {
            Serve = context => inbound.InvokeAsync(context, context.Features.Get<InboundConnection>()!),
            Settings = new Http2Settings
            {
                MaxStreams = StreamsPerConnection,
                StreamWindow = StreamWindow,
                ConnectionWindow = ConnectionWindow,
                MaxFieldBytes = MaxHeaderBytes,
            },
        },
        clock);

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowAlternateSchemes = true; // sidecars speak http:// inside their own TLS
        kestrel.AllowHostHeaderOverride = true; // a target that names its host is what counts (RFC 9112 section 3.2.2)
        kestrel.RequestHeaderEncodingSelector = HeaderEncoding.Of;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null; // would reset idle streams after seconds
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindow;
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindow;
    }

    private void Serve(
        InboundServices services,
        UpstreamConnector connector,
        OwnPort own,
        EdgeServer? edge,
        ILoggerFactory loggers,
        IRandomSource random)
    {
        var isOwnHop = services.Options.HopEngine is HopEngine.Mesh;
        var pools = new UpstreamPoolFactory(connector, isOwnHop ? new HopClient(connector, services.Clock) : null);
        var router = new Router(pools, random, services.Clock);
        var forwarder = _app.Services.GetRequiredService<IHttpForwarder>();
        var mirror = new Mirror(pools, Metrics, random, services.Clock, loggers.CreateLogger<Mirror>());
        var routes = new RouteExecutor(forwarder, router, mirror, random, services.Clock);
        var runner = new ExchangeRunner(Metrics, _accessLog, Drain, services.Clock);
        var outbound = new OutboundHandler(services.State, routes, runner, random, services.Options.HostDemand, own);
        var authorizers = new AuthorizerGate(
            new AuthorizerClient(services.State, pools, random, services.Clock),
            Metrics.Authorizers,
            loggers.CreateLogger<AuthorizerGate>());
        var inbound = new InboundHandler(
            services, routes, runner, authorizers, random, loggers.CreateLogger<InboundHandler>());
        if (isOwnHop) services.Hop = HopOf(inbound, services.Clock);
        IApplicationBuilder pipeline = _app;
        if (edge is not null)
        {
            edge.Serve(routes, runner, authorizers);
            pipeline.Run(edge.InvokeAsync); // a gateway has no other listeners
            return;
        }

        pipeline.Run(context => context.Features.Get<InboundConnection>() is { } connection
            ? inbound.InvokeAsync(context, connection)
            : outbound.InvokeAsync(context));
    }
}
