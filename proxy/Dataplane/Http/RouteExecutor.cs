using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Upstream;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// What follows from the chosen route, in Envoy's order: fault, cross-origin rules, action. The same for both
/// directions.
/// </summary>
internal sealed class RouteExecutor(
    IHttpForwarder forwarder, Router router, Mirror mirror, IRandomSource random, TimeProvider clock)
{
    // YARP's timeout is an idle one and 100 s by default; the route's deadline is the only one here.
    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = Timeout.InfiniteTimeSpan,
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public Task ExecuteAsync(RequestExchange exchange, RouteTableModel table)
    {
        var view = new HttpRequestView(exchange);
        exchange.Table = table;
        exchange.Decision = table.Find(in view, random);
        var route = exchange.Decision.Route;
        if (route is null)
        {
            exchange.Flags |= ResponseFlags.NoRoute;
            exchange.Details = "route_not_found";
            return LocalReply.WriteAsync(exchange, StatusCodes.Status404NotFound, "");
        }

        if (route.Fault is { } fault)
        {
            var decision = fault.Draw(in view, random);
            if (decision.Aborts || decision.Delay > TimeSpan.Zero) return FailOnPurposeAsync(exchange, route, decision);
        }

        return ActAsync(exchange, route);
    }

    private async Task FailOnPurposeAsync(RequestExchange exchange, RouteModel route, FaultDecision fault)
    {
        if (fault.Delay > TimeSpan.Zero)
        {
            exchange.Flags |= ResponseFlags.DelayInjected;
            await Task.Delay(fault.Delay, clock, exchange.Context.RequestAborted).ConfigureAwait(false);
        }

        if (!fault.Aborts)
        {
            await ActAsync(exchange, route).ConfigureAwait(false);
            return;
        }

        exchange.Flags |= ResponseFlags.FaultInjected;
        exchange.Details = "fault_filter_abort";
        await LocalReply.WriteAsync(
            exchange, fault.HttpStatus ?? 200, LocalReply.Fault, fault.GrpcStatus).ConfigureAwait(false);
    }

    private Task ActAsync(RequestExchange exchange, RouteModel route)
    {
        if (route.Cors is { } cors && CorsHeaders.TryAnswer(exchange, cors, random)) return Task.CompletedTask;
        switch (route.Action)
        {
            case RouteAction.Redirect redirect:
                var view = new HttpRequestView(exchange);
                exchange.Context.Response.Headers.Location = redirect.Location(in view, route.Match.Path);
                return LocalReply.WriteAsync(exchange, redirect.Status, "");
            case RouteAction.DirectResponse direct:
                exchange.Details = "direct_response";
                return LocalReply.WriteAsync(exchange, direct.Status, direct.Body);
            default:
                return ForwardAsync(exchange, route, (RouteAction.Forward)route.Action);
        }
    }

    private async Task ForwardAsync(RequestExchange exchange, RouteModel route, RouteAction.Forward forward)
    {
        exchange.Forward = forward;
        exchange.Choice = forward.Clusters.Pick(random);
        if (!exchange.Snapshot.Clusters.TryGetValue(exchange.Choice.Name, out var cluster))
        {
            exchange.Flags |= ResponseFlags.NoCluster;
            exchange.Details = "cluster_not_found";
            await LocalReply.WriteAsync(exchange, forward.ClusterNotFoundStatus, "").ConfigureAwait(false);
            return;
        }

        exchange.Cluster = cluster;
        HeaderMutator.ApplyToRequest(exchange); // before the rewrite, as in Envoy: %REQ(:authority)% is what the caller wrote
        if (!cluster.Model.Lanes.IsEmpty) LaneGate.Enter(exchange, random);
        if (!TryRewrite(exchange, route, forward))
        {
            await LocalReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "").ConfigureAwait(false);
            return;
        }

        if (cluster.Tables is not null) SetHashKey(exchange, forward);
        if (!forward.Mirrors.IsEmpty) mirror.Copy(exchange, forward);
        if (LimitOf(exchange, forward) is { } limit) exchange.Deadline = new CancellationTokenSource(limit, clock);
        var context = exchange.Context;
        using var invoker = new RouterInvoker(router, exchange);
        var error = await forwarder.SendAsync(
            context,
            ForwardTransformer.NoDestination,
            invoker,
            Config,
            ForwardTransformer.Instance).ConfigureAwait(false);
        if (error is not ForwarderError.None) NoteError(exchange, error);
    }

    private void SetHashKey(RequestExchange exchange, RouteAction.Forward forward)
    {
        var view = new HttpRequestView(exchange);
        var own = exchange.IsInbound ? null : exchange.Snapshot.Model.WorkloadAddress;
        exchange.HashKey = RequestHash.Of(forward.HashPolicies, in view, own, random, out var cookies);
        exchange.NewCookies = cookies;
    }

    // A rewrite that leaves no path behind is the configuration's mistake; it must not become another host's request.
    private static bool TryRewrite(RequestExchange exchange, RouteModel route, RouteAction.Forward forward)
    {
        exchange.Host = forward.HostRewrite ?? exchange.Choice!.HostRewrite ?? exchange.Host;
        var target = exchange.Target;
        exchange.UpstreamTarget = target.Text;
        if (forward.Rewrite is null) return true;
        exchange.Context.Request.Headers[HopHeaders.OriginalPath] = target.Text;
        var path = forward.RewritePath(target.Path, route.Match.Path);
        exchange.UpstreamTarget = (target with { Path = path }).Text;
        return path.StartsWith('/');
    }

    private static TimeSpan? LimitOf(RequestExchange exchange, RouteAction.Forward forward)
    {
        var limit = forward.Timeout is { } configured && configured > TimeSpan.Zero ? configured : (TimeSpan?)null;
        if (exchange.TimeoutOverride is { } asked) return asked > TimeSpan.Zero ? asked : null; // before grpc-timeout, as in Envoy
        if (!exchange.IsGrpc || forward.MaxGrpcTimeout is not { } most) return limit;
        if (!GrpcTimeout.TryParse(exchange.Context.Request.Headers["grpc-timeout"].ToString(), out var wanted))
        {
            return limit;
        }

        return most > TimeSpan.Zero && wanted > most ? most : wanted;
    }

    private static void NoteError(RequestExchange exchange, ForwarderError error)
    {
        if (exchange.IsOverdue) return; // noted where it was cut off
        exchange.Flags |= error switch
        {
            ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled
                or ForwarderError.RequestBodyClient or ForwarderError.ResponseBodyClient
                or ForwarderError.UpgradeRequestClient
                or ForwarderError.UpgradeResponseClient or ForwarderError.UpgradeRequestCanceled
                or ForwarderError.UpgradeResponseCanceled => ResponseFlags.DownstreamClosed,
            _ => ResponseFlags.UpstreamReset,
        };
    }
}
