using MeshOrleans.Model;
using MeshOrleans.Xds.Gateway.Demands;
using MeshOrleans.Xds.Gateway.Secrets;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Workloads;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>What is needed to make the parts of a stream.</summary>
internal sealed record StreamFactories(
    SvidParts Svid,
    WorkloadParts Workload,
    SubscriptionReporter Reporter,
    GatewayName Gateway,
    IRandomSource Random,
    ScopeMemory Memory,
    ILogger<StreamSession> SessionLogger);
