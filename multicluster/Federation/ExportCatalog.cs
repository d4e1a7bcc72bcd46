using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>
/// What this mesh offers its peers: the services that a ServiceExport names, with those of their members that peers can
/// verify (a sidecar and an identity of this mesh's own trust domain). What was imported is never exported again.
/// </summary>
public static class ExportCatalog
{
    /// <summary>The exports, ordered by namespace and name.</summary>
    public static ImmutableArray<ImportedService> Of(MeshSnapshot snapshot)
    {
        if (snapshot.LocalBundle is not { } local) return [];
        var (registry, lanes) = (ServiceRegistry.From(snapshot), LaneDirectory.Of(snapshot));
        return
        [
            .. snapshot.Of<ServiceExport>()
                .Select(export => registry.FindOwn(export.Resource.Key.Name, export.Resource.Key.Namespace))
                .OfType<Service>()
                .Select(service => Export(registry, service, lanes.Of(service), local.TrustDomain)),
        ];
    }

    // Peers do not know what is of a lane here, and would send everybody there.
    private static ImportedService Export(
        ServiceRegistry registry, Service service, ImmutableArray<ServiceLane> lanes, TrustDomain own)
    {
        var dialled = new SortedDictionary<string, (Workload Workload, Dictionary<int, int> Ports)>(
            StringComparer.Ordinal);
        foreach (var port in service.Ports)
        {
            foreach (var endpoint in registry.Endpoints(service, port))
            {
                if (!IsVerifiable(endpoint, own) || lanes.Any(lane => lane.Has(endpoint.Workload))) continue;
                if (!dialled.TryGetValue(endpoint.Workload.Name, out var known))
                {
                    dialled[endpoint.Workload.Name] = known = (endpoint.Workload, []);
                }

                known.Ports[port.Number] = endpoint.DialPort;
            }
        }

        return new ImportedService(
            Peer: own.Name,
            service.Namespace,
            service.Name,
            [
                .. service.Ports.Select(
                    p => new ImportedPort(p.Name, p.Number, p.Number, p.Protocol.ToString().ToLowerInvariant())),
            ],
            [.. dialled.Values.Select(d => Outside(d.Workload, d.Ports))]);
    }

    private static bool IsVerifiable(ServiceEndpoint endpoint, TrustDomain own) =>
        endpoint.Peer.Length == 0
        && endpoint.Workload is { HasSidecar: true, Health: WorkloadHealth.Healthy, Identity: { } id }
        && id.TrustDomain == own;

    // Peers know a member by the service's port numbers only; what it listens on inside is its own affair.
    private static Workload Outside(Workload workload, Dictionary<int, int> ports) => new()
    {
        Namespace = workload.Namespace,
        Name = workload.Name,
        Address = workload.Address,
        InboundPorts = ports.ToImmutableSortedDictionary(),
        Labels = workload.Labels,
        Locality = workload.Locality,
        Network = workload.Network,
        ServiceAccount = workload.ServiceAccount,
        Weight = workload.Weight,
        Health = workload.Health,
        HasSidecar = true,
        Identity = workload.Identity,
    };
}
