using System.Net;
using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Upstream;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// Connects calls of bytes to an endpoint of their cluster, under its limits, and carries the bytes.
/// </summary>
internal sealed class OutboundRelay(
    InboundServices services, UpstreamConnector connector, AccessLog? accessLog, IRandomSource random)
{
    private const int ConnectedStatus = 200; // what a connection that came about counts as

    /// <summary>Counts a call in; <see cref="End"/> counts it out.</summary>
    public TcpCall Begin(ConnectionContext connection, TunnelTarget target, ProxySnapshot snapshot)
    {
        services.Drain.Enter();
        return new TcpCall(connection, target, snapshot, services.Clock.GetTimestamp());
    }

    /// <summary>Gives back what the call occupies; it is counted and logged.</summary>
    public void End(TcpCall call)
    {
        call.End();
        services.Drain.Exit();
        if (call.Count is null && call.Flags is not ResponseFlags.None)
        {
            var series = services.Metrics.Connections(
                Caller.Unknown, call.Cluster?.Model, isInbound: false, call.Flags, call.ClusterName);
            Interlocked.Increment(ref series.Opened);
            Interlocked.Increment(ref series.Closed);
        }

        var duration = services.Clock.GetElapsedTime(call.StartedAt);
        accessLog?.Add(AccessLogEntry.Of(call, services.Clock.GetUtcNow(), duration));
    }

    /// <summary>Connects to an endpoint; false when there is none, and the call says why.</summary>
    /// <param name="call">The call.</param>
    /// <param name="chain">What becomes of it; null when no rule takes it.</param>
    public async Task<bool> ConnectAsync(TcpCall call, TcpChainModel? chain)
    {
        if (chain is null)
        {
            call.Fail(ResponseFlags.NoRoute, "filter_chain_not_found");
            return false;
        }

        call.ClusterName = chain.Clusters.Pick(random).Name;
        if (!call.Snapshot.Clusters.TryGetValue(call.ClusterName, out var plan))
        {
            call.Fail(ResponseFlags.NoCluster, "cluster_not_found");
            return false;
        }

        call.Cluster = plan;
        if (!plan.State.Breaker.TryEnter(out var gate))
        {
            call.Fail(ResponseFlags.UpstreamOverflow, "overflow");
            return false;
        }

        call.Hold(gate);
        if (Choose(plan, call.Target) is not { } slot)
        {
            call.Fail(ResponseFlags.NoHealthyUpstream, "no_healthy_upstream");
            return false;
        }

        call.Hold(slot);
        return await ConnectAsync(call, plan, slot, chain.Relay).ConfigureAwait(false);
    }

    /// <summary>Carries the bytes of a connected call until both ends have ended, or its time is over.</summary>
    public async Task CarryAsync(TcpCall call, RelayModel relay)
    {
        call.Count = new RelayCount(
            services.Metrics.Connections(Caller.Unknown, call.Cluster!.Model, isInbound: false), services.Clock);
        call.Details = await TcpRelay.CarryAsync(call.Connection, call.Stream!, relay, call.Count, services.Clock)
            .ConfigureAwait(false);
    }

    private async Task<bool> ConnectAsync(TcpCall call, ClusterPlan plan, EndpointSlot slot, RelayModel relay)
    {
        var destination = call.Target.Address is { } address ? new IPEndPoint(address, call.Target.Port) : null;
        using var limit = new CancellationTokenSource(plan.Model.Connection.ConnectTimeout, services.Clock);
        try
        {
            call.Stream = await connector.ConnectBytesAsync(
                plan, slot.Model, new BytesCall(call.Source, destination, relay), limit.Token).ConfigureAwait(false);
            plan.State.Outliers.Report(plan, slot.State, TryOutcome.Response, ConnectedStatus);
            return true;
        }
        catch (Exception exception) when (exception is UpstreamConnectException or OperationCanceledException)
        {
            plan.State.Outliers.Report(plan, slot.State, TryOutcome.LocalOrigin, status: 0);
            call.Fail(
                ResponseFlags.UpstreamConnectFailure,
                "upstream_connect_failure",
                exception is OperationCanceledException ? "connection timeout" : exception.Message);
            return false;
        }
    }

    // Who has dialled a member gets that one: it may be the only one that has what is wanted.
    private EndpointSlot? Choose(ClusterPlan plan, TunnelTarget target)
    {
        if (plan.OriginalDestination is { } anywhere)
        {
            return new EndpointSlot(new(target.Host, target.Port), anywhere, "");
        }

        foreach (var slot in target.Address is null ? [] : plan.Slots)
        {
            if (slot.Model.Address == target.Host) return slot;
        }

        return plan.Selection.Pick(plan, random);
    }
}
