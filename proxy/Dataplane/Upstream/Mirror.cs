using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// Sends copies of requests whose answers nobody waits for. A copy never delays or changes the original; it takes its
/// place among the limits of its own cluster, and is left out when there is none. A request with a body is copied once
/// the original has read it to its end; one whose body is longer than the bound is not, and is counted.
/// </summary>
internal sealed partial class Mirror(
    UpstreamPoolFactory pools, ProxyMetrics metrics, IRandomSource random, TimeProvider clock, ILogger<Mirror> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public void Copy(RequestExchange exchange, RouteAction.Forward forward)
    {
        var request = exchange.Context.Request;
        var hasBody = exchange.Context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        List<MirrorCopy>? copies = null;
        foreach (var mirror in forward.Mirrors)
        {
            if (!mirror.Share.Hits(random)) continue;
            if (!exchange.Snapshot.Clusters.TryGetValue(mirror.Cluster, out var plan)) continue;
            (copies ??= []).Add(new MirrorCopy(exchange, plan, LaneGate.Find(exchange, plan, random), hasBody));
        }

        if (copies is null) return;
        var limit = exchange.BodyLimit;
        if (!hasBody) Send(copies);
        else if (request.ContentLength > limit) metrics.CountMirrorTooLarge(copies.Count);
        else request.Body = new RecordedBody(request.Body, limit, body => Send(copies, body));
    }

    private void Send(List<MirrorCopy> copies, ReadOnlyMemory<byte>? body)
    {
        if (body is not { } whole)
        {
            metrics.CountMirrorTooLarge(copies.Count);
            return;
        }

        foreach (var copy in copies) copy.SetBody(whole);
        Send(copies);
    }

    private void Send(List<MirrorCopy> copies)
    {
        foreach (var copy in copies)
        {
            var plan = copy.Plan;
            if (plan.Pick(copy.Lane, random) is not { } slot || !plan.State.Breaker.TryBeginRequest()) continue;
            var kind = UpstreamPoolFactory.KindFor(plan.Model, slot.Model, downstreamIsHttp2: false, isUpgrade: false);
            _ = SendAsync(copy, slot.State.Acquire(kind, plan, pools), slot); // never throws
        }
    }

    private async Task SendAsync(MirrorCopy copy, UpstreamPool pool, EndpointSlot slot)
    {
        slot.State.Begin();
        try
        {
            using var limit = new CancellationTokenSource(Limit, clock);
            copy.AddressTo(slot, pool.Version);
            using var response = await pool.Invoker.SendAsync(copy.Request, limit.Token).ConfigureAwait(false);
            await response.Content.CopyToAsync(Stream.Null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogLost(exception, copy.Plan.Model.Name);
        }
        finally
        {
            copy.Request.Dispose();
            slot.State.End();
            pool.Exit();
            copy.Plan.State.Breaker.EndRequest();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A copy for {Cluster} was lost.")]
    private partial void LogLost(Exception exception, string cluster);
}
