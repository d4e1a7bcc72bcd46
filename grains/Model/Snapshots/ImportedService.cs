using System.Collections.Immutable;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Snapshots;

/// <summary>A service that a federated mesh exports: callable here under its own host name.</summary>
/// <param name="Peer">The link it came over.</param>
/// <param name="Namespace">Its namespace, the same on both sides.</param>
/// <param name="Name">Its name, the same on both sides.</param>
/// <param name="Ports">Its ports.</param>
/// <param name="Endpoints">Its members; their identities belong to the peer's trust domain.</param>
public sealed record ImportedService(
    string Peer,
    string Namespace,
    string Name,
    ImmutableArray<ImportedPort> Ports,
    ImmutableArray<Workload> Endpoints);

/// <summary>One port of an imported service.</summary>
/// <param name="Name">Port name, from which the protocol is read when <paramref name="AppProtocol"/> is empty.</param>
/// <param name="Number">The port that clients call.</param>
/// <param name="TargetPort">The workload port behind it.</param>
/// <param name="AppProtocol">Explicit protocol; empty when none is given.</param>
public sealed record ImportedPort(string Name, int Number, int TargetPort, string AppProtocol);
