using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Routes;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>
/// The part of a mesh that belongs to the hosts that a workload calls: those, the hosts to which their routes lead, and,
/// where one of them is a wildcard or has a network, every host below it or with an address in it, which must not fall to
/// that one for want of its own.
/// </summary>
internal sealed class UsedHosts
{
    private readonly MeshIndex _mesh;
    private readonly string _namespace;
    private readonly VisibleRoutes _routes;
    private readonly HashSet<string> _hosts = new(StringComparer.Ordinal);
    private readonly Queue<string> _open = new();

    public UsedHosts(MeshIndex mesh, string clientNamespace, ImmutableSortedSet<string> used)
    {
        (_mesh, _namespace, _routes) = (mesh, clientNamespace, mesh.RoutesFor(clientNamespace));
        foreach (var host in used) Add(host);
        while (_open.TryDequeue(out var host)) Follow(host);
    }

    /// <summary>Everything that counts as used, whether it exists now or not.</summary>
    public IReadOnlySet<string> Hosts => _hosts;

    /// <summary>The services among them, by host.</summary>
    public Dictionary<string, Service> Services { get; } = new(StringComparer.Ordinal);

    private void Add(string host)
    {
        if (_hosts.Add(host)) _open.Enqueue(host);
    }

    private void Follow(string host)
    {
        var service = _mesh.Registry.Find(host, _namespace);
        if (service is not null) Services.Add(host, service);
        else if (!_routes.IsUnknown(host)) return;
        if (_routes.Table.Find(host) is { } source)
        {
            foreach (var destination in ProxyView.DestinationsOf(source.Spec))
            {
                Add(HostName.Resolve(destination.Host, source.Namespace));
            }
        }

        IEnumerable<string> names = service is null ? [host] : VirtualHostDomains.NamesOf(service, _namespace);
        foreach (var wildcard in names.Where(name => name.StartsWith('*'))) AddBelow(wildcard);
        foreach (var network in service is null ? [] : VirtualHostDomains.NetworksOf(service)) AddWithin(network);
    }

    private void AddWithin(string text)
    {
        var network = IPNetwork.Parse(text);
        AddWhere(
            service => service.Addresses.Any(address => IsWithin(network, address)),
            host => IsWithin(network, host.Trim('[', ']')));
    }

    private static bool IsWithin(IPNetwork network, string text)
    {
        var slash = text.IndexOf('/');
        return IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address) && network.Contains(address);
    }

    private void AddBelow(string wildcard) => AddWhere(
        service => VirtualHostDomains.NamesOf(service, _namespace).Any(name => HostName.Matches(wildcard, name)),
        host => HostName.Matches(wildcard, host));

    // Looks at the whole mesh, for hosts that are wildcards or headless, or have networks, only.
    private void AddWhere(Func<Service, bool> isService, Func<string, bool> isUnknown)
    {
        foreach (var service in _mesh.Registry.VisibleTo(_namespace))
        {
            if (!_hosts.Contains(service.Host) && isService(service)) Add(service.Host);
        }

        foreach (var (host, _) in _routes.UnknownHosts)
        {
            if (isUnknown(host)) Add(host);
        }
    }
}
