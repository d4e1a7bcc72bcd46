using MeshOrleans.Xds.Gateway.Admission;
using MeshOrleans.Xds.Gateway.Callers;
using MeshOrleans.Xds.Gateway.Demands;
using MeshOrleans.Xds.Gateway.Identity;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Gateway.Secrets;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Workloads;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>What all streams of a gateway share.</summary>
internal sealed class StreamParts(
    PushSource source,
    ScopeBook scopes,
    GatewayMetrics metrics,
    IOptions<XdsGatewayOptions> options,
    TimeProvider clock,
    StreamAdmission admission,
    StreamDrain drain,
    NackLog nacks,
    CallerMemory callers)
{
    public PushSource Source { get; } = source;

    public ScopeBook Scopes { get; } = scopes;

    public GatewayMetrics Metrics { get; } = metrics;

    public XdsGatewayOptions Options { get; } = options.Value;

    public TimeProvider Clock { get; } = clock;

    public StreamAdmission Admission { get; } = admission;

    public StreamDrain Drain { get; } = drain;

    public NackLog Nacks { get; } = nacks;

    public CallerMemory Callers { get; } = callers;
}

/// <summary>What goes along with one stream and does its slow work beside it.</summary>
/// <param name="Secrets">Its secrets.</param>
/// <param name="Workload">Its registration; null when the client does not want one.</param>
/// <param name="Report">Where its state is reported.</param>
/// <param name="Age">When it has lived long enough.</param>
/// <param name="Client">Who is at its other end.</param>
/// <param name="Demands">What its workload calls; null when the client does not ask on demand.</param>
internal sealed record StreamFellows(
    StreamSecrets Secrets,
    WorkloadSession? Workload,
    ReportedStream Report,
    StreamAge Age,
    ClientIdentity Client,
    StreamDemands? Demands);
