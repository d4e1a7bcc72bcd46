using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>
/// Asks authorizers, over the connections that requests to their clusters take. Whatever goes wrong is an answer that
/// cannot be used; only the caller's own going away is an exception.
/// </summary>
internal sealed class AuthorizerClient(ProxyState state, UpstreamPoolFactory pools, IRandomSource random, TimeProvider clock)
{
    private const int LongestReason = 256;

    private static readonly UriCreationOptions RawTarget =
        new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<CheckAnswer> AskAsync(RequestExchange exchange, ExternalAuthorizerModel authorizer, ShownBody? body)
    {
        if (!exchange.Snapshot.Clusters.TryGetValue(authorizer.Cluster, out var plan))
        {
            return CheckAnswer.Failed($"there is no cluster {authorizer.Cluster}");
        }

        if (plan.Selection.Pick(plan, random) is not { } slot) return CheckAnswer.Failed("none of its members can be chosen");
        if (!plan.State.Breaker.TryBeginRequest()) return CheckAnswer.Failed("it has as many requests as it may");
        var pool = slot.State.Acquire(KindOf(plan, slot, authorizer), plan, pools);
        slot.State.Begin();
        try
        {
            return await AskAsync(exchange, authorizer, body, slot, pool).ConfigureAwait(false);
        }
        finally
        {
            slot.State.End();
            pool.Exit();
            plan.State.Breaker.EndRequest();
        }
    }

    private async Task<CheckAnswer> AskAsync(
        RequestExchange exchange, ExternalAuthorizerModel authorizer, ShownBody? body, EndpointSlot slot, UpstreamPool pool)
    {
        using var question = TryMake(exchange, authorizer, body, slot, pool.Version, out var why);
        if (question is null) return CheckAnswer.Unasked(why);
        var aborted = exchange.Context.RequestAborted;
        using var limit = new CancellationTokenSource(authorizer.Timeout, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            using var response = await pool.Invoker.SendAsync(question, linked.Token).ConfigureAwait(false);
            return authorizer.IsGrpc
                ? await GrpcAuthorizer.ReadAsync(response, linked.Token).ConfigureAwait(false)
                : await HttpAuthorizer.ReadAsync(response, authorizer, linked.Token).ConfigureAwait(false);
        }
        catch (Exception) when (limit.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            return CheckAnswer.Failed($"it has not answered within {authorizer.Timeout}");
        }
        catch (Exception exception) when (!aborted.IsCancellationRequested)
        {
            // whatever it is: who is not known to be allowed is not
            return IsOfConnection(exception) ? CheckAnswer.Failed(Short(exception)) : CheckAnswer.Unasked(Short(exception));
        }
    }

    // What no question can be made of is the request's fault, and not the authorizer's.
    private HttpRequestMessage? TryMake(
        RequestExchange exchange,
        ExternalAuthorizerModel authorizer,
        ShownBody? body,
        EndpointSlot slot,
        Version version,
        out string problem)
    {
        problem = "";
        try
        {
            var target = authorizer.IsGrpc ? GrpcAuthorizer.Path : authorizer.PathPrefix + exchange.Target.Text;
            var question = authorizer.IsGrpc
                ? GrpcAuthorizer.Question(exchange, authorizer, body, state.Identity, clock.GetUtcNow())
                : HttpAuthorizer.Question(exchange, authorizer, body);
            question.RequestUri = new Uri(slot.UriPrefix + target, RawTarget);
            question.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            question.Version = version;
            return question;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException)
        {
            problem = Short(exception);
            return null;
        }
    }

    // The client that carries the question names a cause, or has another exception, for what befalls a connection. What it
    // does not take to it, such as headers that are longer than the authorizer's server allows, has neither.
    private static bool IsOfConnection(Exception exception) => exception switch
    {
        HttpRequestException request =>
            request.HttpRequestError is not HttpRequestError.Unknown || request.InnerException is not null,
        _ => exception is IOException or OperationCanceledException or ObjectDisposedException,
    };

    private static string Short(Exception exception) =>
        exception.Message.Length > LongestReason ? exception.Message[..LongestReason] : exception.Message;

    // A call needs HTTP/2, whatever the port of the service is said to speak.
    private static PoolKind KindOf(ClusterPlan plan, EndpointSlot slot, ExternalAuthorizerModel authorizer) =>
        UpstreamPoolFactory.KindFor(plan.Model, slot.Model, downstreamIsHttp2: authorizer.IsGrpc, isUpgrade: false) switch
        {
            PoolKind.PlainHttp1 when authorizer.IsGrpc => PoolKind.PlainHttp2,
            PoolKind.SimpleHttp1 when authorizer.IsGrpc => PoolKind.SimpleHttp2,
            var kind => kind,
        };
}
