using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>
/// What the clients of a namespace see of the VirtualServices where no Sidecar resource narrows them. Shared by all of
/// them, as it grows with the mesh. Does not depend on the members of services.
/// </summary>
internal sealed class VisibleRoutes
{
    private readonly HashSet<string> _unknown;

    public VisibleRoutes(MeshIndex mesh, string clientNamespace)
    {
        Table = new VirtualServiceTable(mesh, clientNamespace, EgressScope.Everything(clientNamespace));
        var registry = mesh.Registry;
        UnknownHosts = [.. Table.Hosts.Where(entry => !HasService(registry, entry.Host, clientNamespace))];
        _unknown = UnknownHosts.Select(entry => entry.Host).ToHashSet(StringComparer.Ordinal);
    }

    public VirtualServiceTable Table { get; }

    /// <summary>Hosts that only a VirtualService knows, with the one that counts; in fixed order.</summary>
    public ImmutableArray<(string Host, Sourced<VirtualService> Source)> UnknownHosts { get; }

    /// <summary>Whether only a VirtualService knows a host.</summary>
    public bool IsUnknown(string host) => _unknown.Contains(host);

    private static bool HasService(ServiceRegistry registry, string host, string clientNamespace) =>
        registry.Find(host, clientNamespace) is not null
        || (host.StartsWith('*')
            && registry.VisibleTo(clientNamespace).Any(service => HostName.Matches(host, service.Host)));
}
