using System.Globalization;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// The application's calls: an explicit HTTP proxy whose listener is picked by the port that the authority names.
/// </summary>
internal sealed class OutboundHandler
{
    private const int DefaultPort = 80;
    private const string NoConnect = "CONNECT must be the first request of a connection, and in no tunnel.\n";

    private readonly ProxyState _state;
    private readonly RouteExecutor _routes;
    private readonly ExchangeRunner _runner;
    private readonly IRandomSource _random;
    private readonly IHostDemand? _demand;
    private readonly OwnPort _own;
    private readonly Func<RequestExchange, Task> _handle;

    public OutboundHandler(
        ProxyState state,
        RouteExecutor routes,
        ExchangeRunner runner,
        IRandomSource random,
        IHostDemand? demand,
        OwnPort own)
    {
        (_state, _routes, _runner, _random, _demand, _own) = (state, routes, runner, random, demand, own);
        _handle = HandleAsync; // made once: a method group would be a new delegate per request
    }

    public Task InvokeAsync(HttpContext context) =>
        HttpMethods.IsConnect(context.Request.Method)
        && context.Features.Get<TunnelEntry>() is { } entry
        && !IsExtended(context)
            ? entry.ServeAsync(context)
            : _runner.RunAsync(
                new RequestExchange(context, _state.Current, Caller.Unknown, isInbound: false, _runner.Now), _handle);

    private Task HandleAsync(RequestExchange exchange)
    {
        var request = exchange.Context.Request;
        if (HttpMethods.IsConnect(request.Method) && !IsExtended(exchange.Context))
        {
            if (HttpProtocol.IsHttp11(request.Protocol)) exchange.Context.Response.Headers.Connection = "close";
            return LocalReply.WriteAsync(exchange, StatusCodes.Status501NotImplemented, NoConnect);
        }

        if (HttpProtocol.IsHttp10(request.Protocol))
        {
            return LocalReply.WriteAsync(exchange, StatusCodes.Status426UpgradeRequired, "");
        }

        var model = exchange.Snapshot.Model;
        exchange.Tunnel = exchange.Context.Features.Get<TunnelTarget>();
        var port = exchange.Tunnel?.Port ?? HostName.Port(exchange.Host) ?? DefaultPort;
        var listener = model.Outbound.GetValueOrDefault(port);
        exchange.DestinationPort = port;
        exchange.TimeoutOverride = TimeoutOverride(request.Headers); // before it is taken out
        if (!RequestTargetReader.TryRead(exchange, listener?.PathNormalization ?? PathNormalizationMode.Base)
            || _own.IsNamedBy(HostName.WithoutPort(exchange.Authority).Trim("[]"), port))
        {
            return LocalReply.MalformedAsync(exchange);
        }

        return _demand is not null && IsUnknown(model, listener, exchange.Authority)
            ? AskAsync(exchange, _demand)
            : RouteAsync(exchange, listener);
    }

    // Nothing of the request has been used up: its body is read when there is somewhere to send it.
    private async Task AskAsync(RequestExchange exchange, IHostDemand demand)
    {
        var host = HostName.WithoutPort(exchange.Authority).ToString();
        var aborted = exchange.Context.RequestAborted;
        await demand.WaitAsync(host, exchange.DestinationPort, aborted).ConfigureAwait(false);
        exchange.Snapshot = _state.Current;
        var listener = exchange.Snapshot.Model.Outbound.GetValueOrDefault(exchange.DestinationPort);
        var mode = listener?.PathNormalization ?? PathNormalizationMode.Base;
        await (RequestTargetReader.TryReadTarget(exchange, mode)
            ? RouteAsync(exchange, listener)
            : LocalReply.MalformedAsync(exchange)).ConfigureAwait(false);
    }

    private static bool IsUnknown(ProxyModel model, OutboundPortModel? listener, string authority) => listener is null
        ? model.IsOnDemand
        : listener.Routes.AsksOnDemand && listener.Routes.FindHost(authority) is { IsOnDemand: true };

    private Task RouteAsync(RequestExchange exchange, OutboundPortModel? listener)
    {
        var (request, model) = (exchange.Context.Request, exchange.Snapshot.Model);
        TraceHeaders.Apply(request.Headers, model.TraceSampling, _random);
        var table = listener?.Routes ?? UnknownHostRoutes.Of(model.OutboundPolicy);
        return _routes.ExecuteAsync(exchange, table);
    }

    // Extended CONNECT (RFC 8441) is how a WebSocket begins in HTTP/2.
    private static bool IsExtended(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    private static TimeSpan? TimeoutOverride(IHeaderDictionary headers) =>
        headers.TryGetValue(HopHeaders.TimeoutOverride, out var values)
        && int.TryParse(values.ToString(), NumberStyles.None, null, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
}
