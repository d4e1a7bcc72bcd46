using System.Collections.Immutable;

namespace MeshOrleans.Model.Topology;

/// <summary>The service that an extension provider of the MeshConfig names.</summary>
public static class ProviderService
{
    /// <summary>
    /// Finds it: by <c>namespace/host</c> that of this namespace and no other. By <c>host</c> alone that of the root namespace,
    /// whose configuration the MeshConfig is; or else the only one there is, since of several anybody could have made
    /// the first.
    /// </summary>
    /// <param name="registry">All services.</param>
    /// <param name="name">What the provider says.</param>
    /// <param name="rootNamespace">The namespace of the MeshConfig; a short name belongs to it.</param>
    /// <returns>The service, or why there is none, as half a sentence.</returns>
    public static (Service? Service, string Problem) Find(ServiceRegistry registry, string name, string rootNamespace)
    {
        var slash = name.IndexOf('/');
        var ns = slash > 0 ? name[..slash] : rootNamespace;
        var host = HostName.Resolve(name[(slash + 1)..], ns);
        var same = registry.WithHost(host);
        if (same.FirstOrDefault(service => service.Namespace == ns) is { } own) return (own, "");
        if (slash > 0) return (null, $"the service {host} of namespace {ns} does not exist");
        var all = same.ToList();
        return all.Count switch
        {
            0 => (null, $"the service {host} does not exist"),
            1 => (all[0], ""),
            _ => (null, $"the service {host} is one of {all.Count} namespaces, and which is not said"),
        };
    }

    /// <summary>Whether a workload is one of those that serve it.</summary>
    public static bool IsServedBy(Service service, string ns, ImmutableSortedDictionary<string, string> labels) =>
        service.Namespace == ns && service.Selector is { } selector && LabelSelector.Matches(selector, labels);
}
