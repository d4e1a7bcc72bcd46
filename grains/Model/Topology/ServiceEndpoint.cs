namespace MeshOrleans.Model.Topology;

/// <summary>A workload that serves a port of a service.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="WorkloadPort">The port that its policies speak of.</param>
/// <param name="DialPort">The port that its peers dial: that of its sidecar where it has one of its own.</param>
/// <param name="Peer">The link it came over; empty for this mesh's own.</param>
public sealed record ServiceEndpoint(Workload Workload, int WorkloadPort, int DialPort, string Peer = "");
