using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Authorizers;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Upstream;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>The part of the data plane that only a gateway has.</summary>
internal sealed class EdgeServer(EdgeServices services, ILoggerFactory loggers)
{
    private readonly EdgeTransport _transport = new();
    private readonly PeerTrust _trust = new(services.Common.State, services.Common.Verifier);
    private EdgeHandler _handler = null!;

    public static EdgeServer? Create(
        InboundServices common, UpstreamConnector connector, IRandomSource random, ILoggerFactory loggers) =>
        common.Options.Edge is { } credentials
            ? new EdgeServer(new EdgeServices(common, credentials, connector, random), loggers)
            : null;

    /// <summary>Makes Kestrel take connections from sockets that come and go.</summary>
    public void AddTo(IServiceCollection container) => container.AddSingleton<IConnectionListenerFactory>(_transport);

    public void Configure(KestrelServerOptions kestrel)
    {
        var listener = new EdgeListener(
            services,
            new EdgeHandshake(services, _trust, loggers.CreateLogger<EdgeHandshake>()),
            new EdgeRelay(services, _trust, loggers.CreateLogger<EdgeRelay>()),
            loggers);
        kestrel.Listen(_transport.EndPoint, listener.Configure);
    }

    public void Serve(RouteExecutor routes, ExchangeRunner runner, AuthorizerGate authorizers) =>
        _handler = new EdgeHandler(services, _trust, routes, runner, authorizers);

    /// <summary>Opens the sockets; Kestrel must have started.</summary>
    public EdgeListeners Open() => new(services.Common.State, _transport, loggers, services.Common.Clock);

    public Task InvokeAsync(HttpContext context) =>
        _handler.InvokeAsync(context, context.Features.Get<EdgeConnection>()!);
}
