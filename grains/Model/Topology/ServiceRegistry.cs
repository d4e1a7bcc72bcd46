using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// All services of a mesh and their endpoints, computed from one snapshot: Kubernetes Services, ServiceEntries and what
/// other meshes export. Immutable; made anew for every snapshot.
/// </summary>
public sealed class ServiceRegistry
{
    private readonly WorkloadIndex workloads;
    private readonly Dictionary<(string Host, string Namespace), ServiceSource> sources;
    private readonly ILookup<string, Service> byHost;

    private ServiceRegistry(WorkloadIndex workloads, ImmutableArray<ServiceSource> sources)
    {
        this.workloads = workloads;
        this.sources = sources.ToDictionary(s => (s.Service.Host, s.Service.Namespace));
        Services = [.. sources.Select(s => s.Service)];
        byHost = Services.ToLookup(s => s.Host, StringComparer.Ordinal);
    }

    /// <summary>All services, ordered by host and namespace.</summary>
    public ImmutableArray<Service> Services { get; }

    /// <summary>Everything that can be called in this snapshot.</summary>
    public static ServiceRegistry From(MeshSnapshot snapshot) =>
        new(new WorkloadIndex(snapshot), ServiceSources.From(snapshot));

    /// <summary>The services of a namespace's clients: those exported to it, one per host, its own first.</summary>
    public IEnumerable<Service> VisibleTo(string clientNamespace) =>
        byHost.Select(same => Preferred(same, clientNamespace)).OfType<Service>();

    /// <summary>The service of a full host name as clients of a namespace see it; null when there is none.</summary>
    public Service? Find(string host, string clientNamespace) => Preferred(byHost[host], clientNamespace);

    /// <summary>
    /// The service of a full host name, whoever sees it; the first namespace wins. Null when there is none.
    /// </summary>
    public Service? Find(string host) => byHost[host].FirstOrDefault();

    /// <summary>
    /// The workloads that serve a port, in fixed order: this mesh's own, then those of other meshes by link. Unhealthy
    /// and draining ones are among them, with their <see cref="Workload.Health"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The service is none of this registry.</exception>
    public ImmutableArray<ServiceEndpoint> Endpoints(Service service, ServicePort port) =>
        sources.TryGetValue((service.Host, service.Namespace), out var source)
            ? source.Endpoints(port, workloads)
            : throw new ArgumentException($"Service {service.Host} is none of this snapshot.", nameof(service));

    /// <summary>The services that a workload is a member of, whether it serves all of their ports or not.</summary>
    public IEnumerable<Service> ServicesOf(Workload workload) =>
        Services.Where(s => s.Namespace == workload.Namespace
            && s.Selector is { } selector && LabelSelector.Matches(selector, workload.Labels));

    private static Service? Preferred(IEnumerable<Service> same, string clientNamespace)
    {
        Service? found = null;
        foreach (var service in same)
        {
            if (!Visibility.Allows(service.ExportTo, service.Namespace, clientNamespace)) continue;
            if (service.Namespace == clientNamespace) return service;
            found ??= service;
        }

        return found;
    }
}
