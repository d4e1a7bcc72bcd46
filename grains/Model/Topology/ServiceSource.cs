using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>A service with all that its endpoints are computed from.</summary>
/// <param name="Service">The service.</param>
/// <param name="Listed">Endpoints written in the resource.</param>
/// <param name="Imports">What other meshes add.</param>
internal sealed record ServiceSource(
    Service Service,
    ImmutableArray<Workload> Listed,
    ImmutableArray<ImportedService> Imports)
{
    public ImmutableArray<ServiceEndpoint> Endpoints(ServicePort port, WorkloadIndex workloads)
    {
        var endpoints = ImmutableArray.CreateBuilder<ServiceEndpoint>();
        IEnumerable<Workload> own = Service.Selector is { } selector
            ? workloads.Select(Service.Namespace, selector)
            : [];
        foreach (var workload in own.Concat(Listed))
        {
            if (PortOn(workload, port) is { } number) endpoints.Add(new(workload, number, workload.DialPort(number)));
        }

        foreach (var import in Imports) AddImported(endpoints, import, port.Number);
        return endpoints.DrainToImmutable();
    }

    /// <summary>
    /// The workload's port behind a service port. What the workload itself calls by the port's name counts first
    /// (Istio's rule for WorkloadEntry), then the target port by name or number. Null: it does not serve this port.
    /// </summary>
    private static int? PortOn(Workload workload, ServicePort port)
    {
        if (port.Name.Length > 0 && workload.Ports.TryGetValue(port.Name, out var named)) return named;
        if (port.TargetPortName.Length == 0) return port.TargetPort;
        return workload.Ports.TryGetValue(port.TargetPortName, out var target) ? target : null;
    }

    private static void AddImported(
        ImmutableArray<ServiceEndpoint>.Builder endpoints,
        ImportedService import,
        int portNumber)
    {
        foreach (var port in import.Ports)
        {
            if (port.Number != portNumber) continue;
            foreach (var workload in import.Endpoints)
            {
                endpoints.Add(new(workload, port.TargetPort, workload.DialPort(port.TargetPort), import.Peer));
            }
        }
    }
}
