using System.Net;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>One connection of bytes on its way out: what was decided about it and what became of it.</summary>
internal sealed class TcpCall(
    ConnectionContext connection, TunnelTarget target, ProxySnapshot snapshot, long startedAt)
{
    private CircuitBreaker.Gate? _gate;
    private EndpointState? _endpoint;

    public ConnectionContext Connection => connection;

    public TunnelTarget Target => target;

    /// <summary>In what its tunnel was asked for, where there was one.</summary>
    public string Protocol => connection is StreamTunnel ? "HTTP/2" : "HTTP/1.1";

    public ProxySnapshot Snapshot => snapshot;

    public long StartedAt => startedAt;

    /// <summary>Who calls: the workload itself where its application has come over the loopback.</summary>
    public IPEndPoint? Source
    {
        get
        {
            var from = connection.RemoteEndPoint as IPEndPoint;
            return snapshot.Model.WorkloadAddress is { } own && (from is null || IPAddress.IsLoopback(from.Address))
                ? new IPEndPoint(own, from?.Port ?? 0)
                : from;
        }
    }

    /// <summary>The name in the handshake that passes through; empty for none, and where nobody has looked.</summary>
    public string ServerName { get; set; } = "";

    /// <summary>The cluster that was chosen, whether it exists or not; empty for none.</summary>
    public string ClusterName { get; set; } = "";

    public ClusterPlan? Cluster { get; set; }

    public EndpointModel? Upstream { get; private set; }

    /// <summary>The connection to the endpoint; null until there is one.</summary>
    public Stream? Stream { get; set; }

    public RelayCount? Count { get; set; }

    public ResponseFlags Flags { get; private set; }

    /// <summary>Envoy's response_code_details; empty for the ordinary.</summary>
    public string Details { get; set; } = "";

    /// <summary>Why there was no connection, in words; empty when there was one.</summary>
    public string TransportFailure { get; private set; } = "";

    /// <summary>The status of the answer to a CONNECT; 0 when none was sent.</summary>
    public int Status { get; set; }

    public void Hold(CircuitBreaker.Gate? gate) => _gate = gate;

    public void Hold(EndpointSlot slot)
    {
        Upstream = slot.Model;
        _endpoint = slot.State;
        _endpoint.Begin();
    }

    /// <summary>Notes why it ends without having been carried.</summary>
    public void Fail(ResponseFlags flag, string details, string transportFailure = "")
    {
        Flags |= flag;
        (Details, TransportFailure) = (details, transportFailure);
    }

    /// <summary>Gives everything back.</summary>
    public void End()
    {
        _endpoint?.End();
        _gate?.Release();
        Stream?.Dispose();
        (_endpoint, _gate) = (null, null);
    }
}
