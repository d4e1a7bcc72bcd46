using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Authorizers;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Limits;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>
/// Requests from outside: one spelling of the path, what only the mesh may say stripped, who the client is written
/// down, authorizers, tokens, policy, limits, then the route.
/// </summary>
internal sealed class EdgeHandler
{
    private const string ForwardedFor = ForwardedAddress.Header;
    private const string ForwardedProto = "x-forwarded-proto";

    private readonly ProxyState _state;
    private readonly PeerTrust _trust;
    private readonly RouteExecutor _routes;
    private readonly ExchangeRunner _runner;
    private readonly RateLimitGate _limits;
    private readonly TokenGate _tokens;
    private readonly AuthorizerGate _authorizers;
    private readonly IRandomSource _random;
    private readonly Func<RequestExchange, Task> _handle;

    public EdgeHandler(
        EdgeServices services, PeerTrust trust, RouteExecutor routes, ExchangeRunner runner, AuthorizerGate authorizers)
    {
        _authorizers = authorizers;
        (_state, _random) = (services.Common.State, services.Random);
        (_trust, _routes, _runner) = (trust, routes, runner);
        _limits = new RateLimitGate(services.Common.Clock, services.Common.Metrics);
        _tokens = new TokenGate(services.Common.Clock);
        _handle = HandleAsync; // made once: a method group would be a new delegate per request
    }

    public Task InvokeAsync(HttpContext context, EdgeConnection edge)
    {
        var snapshot = _state.Current;
        var chain = edge.ChainOf(snapshot.Model);
        if (chain?.Routes is null
            || edge.IsStricter(chain)
            || !_trust.IsStillTrusted(edge, context.Connection.ClientCertificate, out _))
        {
            context.Abort(); // the rules have become stricter since this connection was accepted
            return Task.CompletedTask;
        }

        var exchange = new RequestExchange(context, snapshot, edge.Caller, isInbound: false, _runner.Now)
        {
            DestinationPort = edge.WorkloadPort,
            Scheme = chain.Tls is null ? "http" : "https",
            TrustedHops = chain.TrustedHops,
        };
        return _runner.RunAsync(exchange, _handle);
    }

    private Task HandleAsync(RequestExchange exchange)
    {
        var request = exchange.Context.Request;
        var edge = exchange.Context.Features.Get<EdgeConnection>()!;
        var chain = edge.ChainOf(exchange.Snapshot.Model)!;
        if (HttpProtocol.IsHttp10(request.Protocol))
        {
            return LocalReply.WriteAsync(exchange, StatusCodes.Status426UpgradeRequired, "");
        }

        if (!RequestTargetReader.TryRead(exchange, chain.PathNormalization))
        {
            return LocalReply.MalformedAsync(exchange);
        }

        WriteHeaders(request.Headers, exchange, edge);
        TraceHeaders.Apply(request.Headers, exchange.Snapshot.Model.TraceSampling, _random);
        if (chain.Authorizer is not { } authorizer) return DecideAsync(exchange, chain);
        TokenGate.TakeOutClaims(request.Headers, chain.Tokens);
        var view = new HttpRequestView(exchange);
        return chain.Authorization.FindCustom(in view) is { } policy
            ? AskAsync(exchange, chain, authorizer, policy)
            : DecideAsync(exchange, chain);
    }

    private async Task AskAsync(
        RequestExchange exchange, EdgeChainModel chain, ExternalAuthorizerModel authorizer, string policy)
    {
        if (await _authorizers.AdmitsAsync(exchange, authorizer, policy).ConfigureAwait(false))
        {
            await DecideAsync(exchange, chain).ConfigureAwait(false);
        }
    }

    private Task DecideAsync(RequestExchange exchange, EdgeChainModel chain)
    {
        if (_tokens.Judge(exchange, chain.Tokens) is not TokenProblem.None and var problem)
        {
            return TokenGate.RefuseAsync(exchange, problem);
        }

        var view = new HttpRequestView(exchange);
        var verdict = chain.Authorization.Decide(in view);
        if (!verdict.Allowed)
        {
            exchange.Details = $"rbac_access_denied_matched_policy[{verdict.Policy ?? "none"}]";
            return LocalReply.WriteAsync(exchange, StatusCodes.Status403Forbidden, LocalReply.Denied);
        }

        if (!_limits.Admits(exchange, chain.RateLimits, in view)) return _limits.RefuseAsync(exchange);
        return _routes.ExecuteAsync(exchange, chain.Routes!);
    }

    // Who connects is the client, unless proxies are trusted to stand before: what he says of others before him is kept,
    // and what he says of himself is not.
    private static void WriteHeaders(IHeaderDictionary headers, RequestExchange exchange, EdgeConnection edge)
    {
        HopHeaders.StripForwardedTwins(headers);
        var before = headers[ForwardedFor];
        headers[ForwardedFor] = before.Count == 0 ? edge.ClientAddress : $"{before}, {edge.ClientAddress}";
        if (exchange.TrustedHops > 0 && IsScheme(headers[ForwardedProto]))
        {
            exchange.Scheme = headers[ForwardedProto].ToString().ToLowerInvariant(); // what the client has spoken
        }
        else
        {
            headers[ForwardedProto] = exchange.Scheme;
        }

        if (exchange.Caller.ForwardedClientCertificate.Length > 0)
        {
            headers[HopHeaders.ForwardedClientCertificate] = exchange.Caller.ForwardedClientCertificate;
        }
    }

    private static bool IsScheme(StringValues value) =>
        value.Count == 1 && value[0] is { } scheme
        && (scheme.Equals("https", StringComparison.OrdinalIgnoreCase)
            || scheme.Equals("http", StringComparison.OrdinalIgnoreCase));
}
