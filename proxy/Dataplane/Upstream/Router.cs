using System.Runtime.CompilerServices;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// Sends a routed request to its cluster: limits, choice of the endpoint, tries, deadline. Whatever goes wrong is
/// answered here, in Envoy's words; the forwarder never sees an exception that is not the caller's own going away.
/// </summary>
internal sealed class Router(UpstreamPoolFactory pools, IRandomSource random, TimeProvider clock)
{
    private static readonly UriCreationOptions RawTarget =
        new() { DangerousDisablePathAndQueryCanonicalization = true };

    public async Task<HttpResponseMessage> SendAsync(
        RequestExchange exchange, HttpRequestMessage request, CancellationToken aborted)
    {
        var breaker = exchange.Cluster!.State.Breaker;
        if (!breaker.TryBeginRequest()) return Overflow(exchange);
        exchange.Hold(breaker);
        using var linked = exchange.Deadline is { } deadline
            ? CancellationTokenSource.CreateLinkedTokenSource(aborted, deadline.Token)
            : null;
        var token = linked?.Token ?? aborted;
        try
        {
            var gate = await breaker.EnterAsync(token).ConfigureAwait(false);
            if (gate == CircuitBreaker.Gate.Full) return Overflow(exchange);
            exchange.Hold(gate);
            return await TryUntilDoneAsync(exchange, request, token).ConfigureAwait(false);
        }
        catch (CallerFailedException failure)
        {
            exchange.EndTry();
            return Fail(
                exchange, ResponseFlags.DownstreamProtocolError, failure.Status, "", "downstream_protocol_error");
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested && exchange.IsOverdue)
        {
            exchange.EndTry();
            return Fail(
                exchange,
                ResponseFlags.UpstreamTimeout,
                StatusCodes.Status504GatewayTimeout,
                LocalReply.Timeout,
                "response_timeout");
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<HttpResponseMessage> TryUntilDoneAsync(
        RequestExchange exchange, HttpRequestMessage request, CancellationToken token)
    {
        var policy = exchange.Forward!.Retry; // of an upgrade the handshake, which has no body
        var body = PrepareContent(exchange, request, policy);
        var isPicky = policy is { AvoidPreviousHosts: true } or { OtherPrioritiesAfter: > 0 } || exchange.Lane is not null;
        var tried = isPicky && policy is not null ? new TriedEndpoints(policy) : null;
        while (true)
        {
            if (Choose(exchange, tried) is not { } slot)
            {
                return Fail(
                    exchange,
                    ResponseFlags.NoHealthyUpstream,
                    503,
                    LocalReply.NoHealthyUpstream,
                    "no_healthy_upstream");
            }

            var result = await TryAsync(exchange, request, slot, policy, token).ConfigureAwait(false);
            result.Report(exchange.Cluster!, slot.State);
            exchange.EndRetry();
            if (!TryBeginRetry(exchange, result, policy, body)) return Finish(exchange, result);

            result.Response?.Dispose();
            exchange.EndTry();
            tried?.Add(slot, result.IsUnreached);
            if (body is not null) await body.RewindAsync().ConfigureAwait(false);
            await Task.Delay(policy!.Backoff(exchange.Attempts, random), clock, token).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TryResult> TryAsync(
        RequestExchange exchange,
        HttpRequestMessage request,
        EndpointSlot slot,
        RetryPolicyModel? policy,
        CancellationToken token)
    {
        var plan = exchange.Cluster!;
        var isHttp2 = exchange.Context.Request.Protocol == HttpProtocol.Http2;
        var kind = isHttp2 && exchange is { IsGrpc: true, IsUpgrade: false, InboundPort.MayBeBytes: true }
            ? PoolKind.PlainHttp2 // nobody has declared it, but a call can be answered by nothing else
            : UpstreamPoolFactory.KindFor(plan.Model, slot.Model, isHttp2, exchange.IsUpgrade);
        var pool = slot.State.Acquire(kind, plan, pools);
        exchange.Hold(pool, slot.State);
        exchange.Upstream = slot.Model;
        exchange.Attempts++;
        Address(exchange, request, slot, pool);
        using var perTry = policy?.PerTryTimeout is { } limit && limit > TimeSpan.Zero
            ? new CancellationTokenSource(limit, clock)
            : null;
        using var linked = perTry is null ? null : CancellationTokenSource.CreateLinkedTokenSource(token, perTry.Token);
        try
        {
            var response = await pool.Invoker.SendAsync(request, linked?.Token ?? token).ConfigureAwait(false);
            return TryResult.Of(response, exchange.IsUpgrade);
        }
        catch (OperationCanceledException)
            when (!token.IsCancellationRequested && perTry is { IsCancellationRequested: true })
        {
            return new TryResult(null, TryFailure.TryTimeout, "");
        }
        catch (OperationCanceledException) when (exchange.IsOverdue)
        {
            // not a retry's to decide, but the endpoint has not answered (Envoy, Filter::onResponseTimeout)
            new TryResult(null, TryFailure.TryTimeout, "").Report(plan, slot.State);
            throw;
        }
        catch (Exception exception) when (!token.IsCancellationRequested)
        {
            if (TryResult.CallersFault(exception) is { } status) throw new CallerFailedException(status, exception);
            return TryResult.Of(exception);
        }
    }

    private static void Address(
        RequestExchange exchange, HttpRequestMessage request, EndpointSlot slot, UpstreamPool pool)
    {
        request.RequestUri = new Uri(slot.UriPrefix + exchange.UpstreamTarget, RawTarget);
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Version = pool.Version;
        if (pool.Settings.Connection.MaxRequests == 1 && !exchange.IsUpgrade) request.Headers.ConnectionClose = true;
        if (exchange.Decision.Host is not { IncludeAttemptCount: true }) return;
        request.Headers.Remove(HopHeaders.AttemptCount);
        request.Headers.TryAddWithoutValidation(HopHeaders.AttemptCount, exchange.Attempts.ToString());
    }

    private EndpointSlot? Choose(RequestExchange exchange, TriedEndpoints? tried)
    {
        var plan = exchange.Cluster!;
        if (plan.OriginalDestination is { } anywhere) return OriginalDestination(exchange, anywhere);
        if (tried is not { IsEmpty: false }) return plan.Pick(exchange.Lane, random, exchange.HashKey);
        if (exchange.Lane is { } lane && tried.ChooseOf(lane, random, exchange.HashKey) is { } own) return own;
        return exchange.Lane is { Refuses: true } ? null : tried.Choose(plan, random, exchange.HashKey);
    }

    private static EndpointSlot OriginalDestination(RequestExchange exchange, EndpointState state)
    {
        if (exchange.Tunnel is { } tunnel)
        {
            return new EndpointSlot(
                new EndpointModel(tunnel.Host, tunnel.Port), state, $"http://{tunnel.Authority}");
        }

        var name = HostName.WithoutPort(exchange.Authority).ToString();
        return new EndpointSlot(
            new EndpointModel(name, exchange.DestinationPort), state, $"http://{name}:{exchange.DestinationPort}");
    }

    /// <summary>Whether there is another try, which then counts as a retry; otherwise the flags say why not.</summary>
    /// <remarks>
    /// Source: Envoy, RetryStateImpl::shouldRetry. A body that is not remembered any more leaves no flag.
    /// </remarks>
    private static bool TryBeginRetry(
        RequestExchange exchange, TryResult result, RetryPolicyModel? policy, ReplayContent? body)
    {
        if (policy is null || body is { CanReplay: false } || !result.IsCoveredBy(policy)) return false;
        if (exchange.Attempts > policy.Attempts) exchange.Flags |= ResponseFlags.RetriesExhausted;
        else if (exchange.TryBeginRetry()) return true;
        else exchange.Flags |= ResponseFlags.UpstreamOverflow;
        return false;
    }

    private static ReplayContent? PrepareContent(
        RequestExchange exchange, HttpRequestMessage request, RetryPolicyModel? policy)
    {
        if (request.Content is { } content)
        {
            if (policy is not { NeedsBody: true }) return null;
            var body = new ReplayContent(exchange.Context.Request.Body, content.Headers, exchange.BodyLimit);
            request.Content = body;
            return body;
        }

        var headers = exchange.Context.Request.Headers;
        if (headers.ContentType.Count == 0 && headers.ContentEncoding.Count == 0) return null;
        request.Content = new NoContent();
        request.Content.Headers.TryAddWithoutValidation("Content-Type", (IEnumerable<string?>)headers.ContentType);
        if (headers.ContentEncoding.Count > 0)
        {
            request.Content.Headers.TryAddWithoutValidation(
                "Content-Encoding", (IEnumerable<string?>)headers.ContentEncoding);
        }

        return null;
    }

    private static HttpResponseMessage Finish(RequestExchange exchange, TryResult result)
    {
        if (result.Response is { } response)
        {
            if (exchange.NewCookies is { } cookies) response.Headers.TryAddWithoutValidation("Set-Cookie", cookies);
            exchange.LimitBody(response.StatusCode);
            return response;
        }

        exchange.EndTry();
        exchange.TransportFailure = result.Reason;
        return result.Failure switch
        {
            TryFailure.TryTimeout => Fail(
                exchange, ResponseFlags.UpstreamTimeout, 504, LocalReply.Timeout, "upstream_per_try_timeout"),
            TryFailure.Connect => Fail(
                exchange,
                ResponseFlags.UpstreamConnectFailure,
                503,
                LocalReply.ConnectFailure,
                "upstream_reset_before_response_started"),
            TryFailure.Protocol => Fail(
                exchange,
                ResponseFlags.UpstreamProtocolError,
                502,
                LocalReply.ProtocolError,
                "upstream_reset_before_response_started"),
            _ =>
                Fail(
                    exchange,
                    ResponseFlags.UpstreamReset,
                    503,
                    LocalReply.Reset,
                    "upstream_reset_before_response_started"),
        };
    }

    private static HttpResponseMessage Overflow(RequestExchange exchange)
    {
        exchange.Flags |= ResponseFlags.UpstreamOverflow;
        exchange.Details = "overflow";
        return LocalReply.Message(exchange, 503, LocalReply.Overflow, HopHeaders.Overloaded);
    }

    private static HttpResponseMessage Fail(
        RequestExchange exchange, ResponseFlags flag, int status, string body, string details)
    {
        exchange.Flags |= flag;
        exchange.Details = details;
        return LocalReply.Message(exchange, status, body);
    }
}
