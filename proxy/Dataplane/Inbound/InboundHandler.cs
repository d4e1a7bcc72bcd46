using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Authorizers;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Limits;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// The callers' requests: one spelling of the path, the caller's own claims stripped, authorizers, tokens, policy, then the
/// route.
/// </summary>
internal sealed partial class InboundHandler
{
    private readonly ProxyState _state;
    private readonly PeerTrust _trust;
    private readonly RouteExecutor _routes;
    private readonly ExchangeRunner _runner;
    private readonly RateLimitGate _limits;
    private readonly TokenGate _tokens;
    private readonly AuthorizerGate _authorizers;
    private readonly IRandomSource _random;
    private readonly ILogger<InboundHandler> _logger;
    private readonly Func<RequestExchange, Task> _handle;

    public InboundHandler(
        InboundServices services,
        RouteExecutor routes,
        ExchangeRunner runner,
        AuthorizerGate authorizers,
        IRandomSource random,
        ILogger<InboundHandler> logger)
    {
        (_state, _routes, _runner, _random, _logger) = (services.State, routes, runner, random, logger);
        _trust = new PeerTrust(services.State, services.Verifier);
        _limits = new RateLimitGate(services.Clock, services.Metrics);
        _tokens = new TokenGate(services.Clock);
        _authorizers = authorizers;
        _handle = HandleAsync; // made once: a method group would be a new delegate per request
    }

    public Task InvokeAsync(HttpContext context, InboundConnection connection)
    {
        var snapshot = _state.Current;
        string? problem = null;
        if (!snapshot.Model.Inbound.TryGetValue(connection.WorkloadPort, out var port)
            || (port.Mode is InboundTlsMode.Strict && !connection.Caller.IsMutualTls)
            || !_trust.IsStillTrusted(connection, context.Connection.ClientCertificate, out problem))
        {
            if (problem is not null) LogNoLongerTrusted(connection.WorkloadPort, connection.Caller.PeerId, problem);
            context.Abort(); // the rules have become stricter since this connection was accepted
            return Task.CompletedTask;
        }

        var exchange = new RequestExchange(context, snapshot, connection.Caller, isInbound: true, _runner.Now)
        {
            DestinationPort = connection.WorkloadPort,
            InboundPort = port,
            TrustedHops = port.TrustedHops,
        };
        return _runner.RunAsync(exchange, _handle);
    }

    private Task HandleAsync(RequestExchange exchange)
    {
        var request = exchange.Context.Request;
        var port = exchange.InboundPort!;
        if (HttpProtocol.IsHttp10(request.Protocol))
        {
            return LocalReply.WriteAsync(exchange, StatusCodes.Status426UpgradeRequired, "");
        }

        if (!RequestTargetReader.TryRead(exchange, port.PathNormalization))
        {
            return LocalReply.MalformedAsync(exchange);
        }

        if (exchange.Caller.IsMutualTls)
        {
            request.Headers[HopHeaders.ForwardedClientCertificate] = exchange.Caller.ForwardedClientCertificate;
        }

        // whoever is asked about the request is to see what the application will see
        TraceHeaders.Apply(request.Headers, exchange.Snapshot.Model.TraceSampling, _random);
        if (port.Authorizer is not { } authorizer) return DecideAsync(exchange);
        TokenGate.TakeOutClaims(request.Headers, port.Tokens);
        var view = new HttpRequestView(exchange);
        return port.Authorization.FindCustom(in view) is { } policy
            ? AskAsync(exchange, authorizer, policy)
            : DecideAsync(exchange);
    }

    private async Task AskAsync(RequestExchange exchange, ExternalAuthorizerModel authorizer, string policy)
    {
        if (await _authorizers.AdmitsAsync(exchange, authorizer, policy).ConfigureAwait(false))
        {
            await DecideAsync(exchange).ConfigureAwait(false);
        }
    }

    private Task DecideAsync(RequestExchange exchange)
    {
        var port = exchange.InboundPort!;
        if (_tokens.Judge(exchange, port.Tokens) is not TokenProblem.None and var problem)
        {
            return TokenGate.RefuseAsync(exchange, problem);
        }

        var view = new HttpRequestView(exchange);
        var verdict = port.Authorization.Decide(in view);
        if (verdict.ShadowAllowed is false) LogShadowDenied(exchange, verdict);
        if (!verdict.Allowed) return DenyAsync(exchange, verdict);

        if (!_limits.Admits(exchange, port.RateLimits, in view)) return _limits.RefuseAsync(exchange);
        return _routes.ExecuteAsync(exchange, port.Routes);
    }

    private Task DenyAsync(RequestExchange exchange, AuthorizationVerdict verdict)
    {
        exchange.Details = $"rbac_access_denied_matched_policy[{verdict.Policy ?? "none"}]";
        LogDenied(
            exchange.DestinationPort,
            exchange.Context.Request.Method,
            exchange.Target.Path,
            exchange.Caller.PeerId,
            verdict.Policy);
        return LocalReply.WriteAsync(exchange, StatusCodes.Status403Forbidden, LocalReply.Denied);
    }

    private void LogShadowDenied(RequestExchange exchange, AuthorizationVerdict verdict) => LogShadowDenied(
        exchange.DestinationPort,
        exchange.Context.Request.Method,
        exchange.Target.Path,
        exchange.Caller.PeerId,
        verdict.ShadowPolicy);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Port {Port} ends a connection of '{Identity}', who is trusted no longer: {Problem}")]
    private partial void LogNoLongerTrusted(int port, string identity, string problem);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Port {Port}: {Method} {Path} of '{Identity}' denied by {Policy}.")]
    private partial void LogDenied(int port, string method, string path, string identity, string? policy);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Port {Port}: {Method} {Path} of '{Identity}' shadow_denied by {Policy}.")]
    private partial void LogShadowDenied(int port, string method, string path, string identity, string? policy);
}
