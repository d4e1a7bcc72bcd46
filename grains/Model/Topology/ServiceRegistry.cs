using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// All services of a mesh and their endpoints, computed from one snapshot: Kubernetes Services, ServiceEntries and what
/// other meshes export. Immutable.
/// </summary>
public sealed class ServiceRegistry
{
    private readonly WorkloadIndex workloads;
    private readonly Dictionary<(string Host, string Namespace), ServiceMembers> members;
    private readonly ILookup<string, Service> byHost;
    private readonly ILookup<string, Service> byNamespace;

    private ServiceRegistry(WorkloadIndex workloads, ImmutableArray<ServiceSource> sources)
    {
        this.workloads = workloads;
        members = sources.ToDictionary(
            s => (s.Service.Host, s.Service.Namespace), s => new ServiceMembers(s, workloads));
        Services = [.. sources.Select(s => s.Service)];
        byHost = Services.ToLookup(s => s.Host, StringComparer.Ordinal);
        byNamespace = Services.ToLookup(s => s.Namespace, StringComparer.Ordinal);
        Changed = Services;
    }

    private ServiceRegistry(ServiceRegistry before, WorkloadIndex workloads, ImmutableArray<Service> changed)
    {
        this.workloads = workloads;
        (Services, byHost, byNamespace) = (before.Services, before.byHost, before.byNamespace);
        Changed = changed;
        members = new(before.members);
        foreach (var service in changed)
        {
            var key = (service.Host, service.Namespace);
            members[key] = members[key].On(workloads);
        }
    }

    /// <summary>All services, ordered by host and namespace.</summary>
    public ImmutableArray<Service> Services { get; }

    /// <summary>
    /// The services whose endpoints may differ from those of the registry that this one came from; all of them where it
    /// came from none.
    /// </summary>
    public ImmutableArray<Service> Changed { get; }

    /// <summary>Everything that can be called in this snapshot.</summary>
    public static ServiceRegistry From(MeshSnapshot snapshot) =>
        new(WorkloadIndex.Of(snapshot), ServiceSources.From(snapshot));

    /// <summary>The registry once members have changed and nothing else; services they are no part of are kept.</summary>
    /// <param name="snapshot">What the mesh knows now.</param>
    /// <param name="changedMembers">Members that came, changed or went, as <c>namespace/name</c>.</param>
    public ServiceRegistry After(MeshSnapshot snapshot, IReadOnlyCollection<string> changedMembers)
    {
        var next = workloads.After(snapshot, changedMembers);
        var changed = changedMembers
            .SelectMany(key => byNamespace[key[..key.IndexOf('/', StringComparison.Ordinal)]]
                .Where(s => members[(s.Host, s.Namespace)] is var held
                    && (held.Takes(workloads.Find(key)) || held.Takes(next.Find(key)))))
            .Distinct();
        return new ServiceRegistry(this, next, [.. changed]);
    }

    /// <summary>Whether a service's endpoints are, for sure, those that another registry has.</summary>
    public bool HasSameMembers(Service service, ServiceRegistry other) =>
        members.TryGetValue((service.Host, service.Namespace), out var mine)
        && other.members.TryGetValue((service.Host, service.Namespace), out var others)
        && ReferenceEquals(mine, others);

    /// <summary>The services of a namespace's clients: those exported to it, one per host, its own first.</summary>
    public IEnumerable<Service> VisibleTo(string clientNamespace) =>
        byHost.Select(same => Preferred(same, clientNamespace)).OfType<Service>();

    /// <summary>The service of a full host name as clients of a namespace see it; null when there is none.</summary>
    public Service? Find(string host, string clientNamespace) => Preferred(byHost[host], clientNamespace);

    /// <summary>The services of a full host name, whoever sees them, one per namespace.</summary>
    public IEnumerable<Service> WithHost(string host) => byHost[host];

    /// <summary>
    /// The service of a name that belongs to a namespace, whoever sees it; null when there is none. A ServiceEntry of
    /// another namespace for the same host is another service.
    /// </summary>
    public Service? FindOwn(string name, string ns) =>
        byHost[HostName.Of(name, ns)].FirstOrDefault(service => service.Namespace == ns);

    /// <summary>
    /// The workloads that serve a port, in fixed order: this mesh's own, then those of other meshes by link. Unhealthy
    /// and draining ones are among them, with their <see cref="Workload.Health"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The service is none of this registry.</exception>
    public ImmutableArray<ServiceEndpoint> Endpoints(Service service, ServicePort port) =>
        members.TryGetValue((service.Host, service.Namespace), out var held)
            ? held.Of(port)
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
