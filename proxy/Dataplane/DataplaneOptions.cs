using System.Net;
using MeshOrleans.Proxy.Dataplane.Edge;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Outbound;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane;

/// <summary>The sockets of the data plane and what it says about itself.</summary>
public sealed class DataplaneOptions
{
    /// <summary>
    /// Where the outbound proxy listens; port 0 picks a free one. Null for a gateway, which has no application.
    /// </summary>
    /// <value>127.0.0.1:15001 by default.</value>
    public IPEndPoint? Outbound { get; set; } = new(IPAddress.Loopback, 15001);

    /// <summary>
    /// Where callers of the workload's ports are accepted, by workload port; port 0 picks a free one.
    /// </summary>
    public IReadOnlyDictionary<int, IPEndPoint> Inbound { get; set; } = new Dictionary<int, IPEndPoint>();

    /// <summary>
    /// The certificates of the edge. With them the listeners of <see cref="Model.ProxyModel.Edge"/> are opened as models
    /// come and go; null for a sidecar, which has none.
    /// </summary>
    public IEdgeCredentials? Edge { get; set; }

    /// <summary>Who this proxy reports for.</summary>
    public WorkloadLabels Workload { get; set; } = new();

    /// <summary>Who speaks HTTP/2 with other sidecars.</summary>
    /// <value>The mesh's own code by default.</value>
    public HopEngine HopEngine { get; set; }

    /// <summary>Where access log lines go: empty for none, <c>-</c> for standard output, otherwise a file.</summary>
    public string AccessLog { get; set; } = "";

    /// <summary>Where the credentials of this machine are that configuration names; empty for nowhere.</summary>
    public string CredentialsDirectory { get; set; } = "";

    /// <summary>Whom to ask for hosts that a model on demand does not have.</summary>
    /// <value>Nobody by default: they are treated as the model says of all that is unknown.</value>
    public IHostDemand? HostDemand { get; set; }

    /// <summary>Who remembers callers that come without mesh mTLS.</summary>
    /// <value>Nobody by default.</value>
    public PlaintextCallers? PlaintextCallers { get; set; }

    /// <summary>
    /// How long a new connection of the application may be silent: as long as the server waits for the next request of one
    /// that has been used.
    /// </summary>
    /// <value>130 s by default.</value>
    public TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>How long the first bytes of a connection may take where they decide what it is.</summary>
    /// <value>10 s by default.</value>
    public TimeSpan FirstBytesTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Where a connection to the outbound port was meant to go that was redirected to it; null for one that was not.
    /// </summary>
    /// <value>The system's answer by default.</value>
    internal Func<ConnectionContext, IPEndPoint?> FindOriginalDestination { get; set; } = OriginalDestination.Of;

    /// <summary>After how long silence on a port that relays bytes means a server that speaks first.</summary>
    /// <value>200 ms by default.</value>
    public TimeSpan ServerFirstTimeout { get; set; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>The labels by which a workload appears in metrics.</summary>
public sealed record WorkloadLabels
{
    /// <summary>What stands for the unknown.</summary>
    public const string Unknown = "unknown";

    /// <summary>The workload's name.</summary>
    public string Workload { get; init; } = Unknown;

    /// <summary>Its namespace.</summary>
    public string Namespace { get; init; } = Unknown;

    /// <summary>Its label <c>app</c>.</summary>
    public string App { get; init; } = Unknown;

    /// <summary>Its label <c>version</c>.</summary>
    public string Version { get; init; } = Unknown;

    /// <summary>Its cluster.</summary>
    public string Cluster { get; init; } = Unknown;

    /// <summary>The service that callers know it by; the workload's name when empty.</summary>
    public string CanonicalService { get; init; } = "";
}
