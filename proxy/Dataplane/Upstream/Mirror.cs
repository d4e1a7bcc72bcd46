using System.Globalization;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// Sends copies of requests whose answers nobody waits for. A copy never delays or changes the original; it takes its
/// place among the limits of its own cluster, and is left out when there is none. Requests with a body are not copied.
/// </summary>
internal sealed partial class Mirror(
    UpstreamPoolFactory pools, IRandomSource random, TimeProvider clock, ILogger<Mirror> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly UriCreationOptions RawTarget =
        new() { DangerousDisablePathAndQueryCanonicalization = true };

    public void Copy(RequestExchange exchange, RouteAction.Forward forward)
    {
        if (exchange.Context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }) return;
        foreach (var mirror in forward.Mirrors)
        {
            if (!mirror.Share.Hits(random)) continue;
            if (!exchange.Snapshot.Clusters.TryGetValue(mirror.Cluster, out var plan)) continue;
            if (plan.Selection.Pick(plan, random) is not { } slot || !plan.State.Breaker.TryBeginRequest()) continue;
            var kind = UpstreamPoolFactory.KindFor(plan.Model, slot.Model, downstreamIsHttp2: false, isUpgrade: false);
            // never throws
            _ = SendAsync(NewRequest(exchange, slot), slot.State.Acquire(kind, plan, pools), plan, slot);
        }
    }

    // Made before the original goes on: its headers must not be read by two at once.
    private static HttpRequestMessage NewRequest(RequestExchange exchange, EndpointSlot slot)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Parse(exchange.Context.Request.Method),
            new Uri(slot.UriPrefix + exchange.UpstreamTarget, RawTarget))
        {
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach (var (name, values) in exchange.Context.Request.Headers)
        {
            if (name.Length == 0 || name[0] == ':' || HopHeaders.IsHopByHop(name)) continue;
            request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        request.Headers.Host = ShadowOf(exchange.Host);
        return request;
    }

    private static string ShadowOf(string host)
    {
        var name = HostName.WithoutPort(host);
        return string.Create(CultureInfo.InvariantCulture, $"{name}-shadow{host.AsSpan(name.Length)}");
    }

    private async Task SendAsync(HttpRequestMessage request, UpstreamPool pool, ClusterPlan plan, EndpointSlot slot)
    {
        slot.State.Begin();
        try
        {
            using var limit = new CancellationTokenSource(Limit, clock);
            request.Version = pool.Version;
            using var response = await pool.Invoker.SendAsync(request, limit.Token).ConfigureAwait(false);
            await response.Content.CopyToAsync(Stream.Null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogLost(exception, plan.Model.Name);
        }
        finally
        {
            request.Dispose();
            slot.State.End();
            pool.Exit();
            plan.State.Breaker.EndRequest();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A copy for {Cluster} was lost.")]
    private partial void LogLost(Exception exception, string cluster);
}
