using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>What every request of either direction begins and ends with.</summary>
internal sealed class ExchangeRunner(ProxyMetrics metrics, AccessLog? accessLog, DrainState drain, TimeProvider clock)
{
    public long Now => clock.GetTimestamp();

    /// <summary>Runs an exchange; whatever happens, its places are given back and it is counted.</summary>
    public async Task RunAsync(RequestExchange exchange, Func<RequestExchange, Task> handle)
    {
        var context = exchange.Context;
        var lines = context.Features.Get<RequestLineReader>();
        lines?.BeginRequest(context);
        context.Features.Set(exchange);
        drain.Enter();
        if (drain.IsDraining && !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        try
        {
            await handle(exchange).ConfigureAwait(false);
            lines?.EndRequest(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            exchange.Flags |= ResponseFlags.DownstreamClosed;
        }
        finally
        {
            exchange.End();
            drain.Exit();
            var duration = clock.GetElapsedTime(exchange.StartedAt);
            metrics.Count(exchange, duration);
            accessLog?.Add(AccessLogEntry.Of(exchange, clock.GetUtcNow(), duration));
        }
    }
}
