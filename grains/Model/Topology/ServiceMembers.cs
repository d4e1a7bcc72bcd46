using System.Collections.Immutable;

namespace MeshOrleans.Model.Topology;

/// <summary>A service's endpoints, each port's computed when it is first asked for. Safe for many threads.</summary>
internal sealed class ServiceMembers(ServiceSource source, WorkloadIndex workloads)
{
    private readonly ImmutableArray<Lazy<ImmutableArray<ServiceEndpoint>>> ports =
    [
        .. source.Service.Ports.Select(p => new Lazy<ImmutableArray<ServiceEndpoint>>(() => source.Endpoints(p, workloads))),
    ];

    /// <summary>The service.</summary>
    public Service Service => source.Service;

    /// <summary>The workloads that serve a port.</summary>
    public ImmutableArray<ServiceEndpoint> Of(ServicePort port)
    {
        var place = source.Service.Ports.IndexOf(port);
        return place < 0 ? source.Endpoints(port, workloads) : ports[place].Value;
    }

    /// <summary>The same service over other workloads.</summary>
    public ServiceMembers On(WorkloadIndex others) => new(source, others);

    /// <summary>Whether a workload is, or was, one of its members.</summary>
    public bool Takes(Workload? workload) =>
        workload is not null
        && source.Service.Selector is { } selector
        && LabelSelector.Matches(selector, workload.Labels);
}
