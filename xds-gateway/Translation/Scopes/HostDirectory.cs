using System.Net;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Routes;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>
/// Answers, without making them, from the route tables that the clients of a namespace would have if nothing narrowed
/// them: which virtual host has a domain. In a time that does not grow with the mesh.
/// </summary>
/// <remarks>
/// The order of claims is that of <see cref="RouteTranslator"/>: hosts of services, hosts that only a VirtualService
/// knows, then the other names of services, the first service by host first.
/// </remarks>
/// <param name="mesh">The mesh.</param>
/// <param name="clientNamespace">The namespace of the clients.</param>
/// <param name="isTcp">It is about services whose connections are carried as bytes, which have listeners by name.</param>
/// <param name="byNetwork">Requests for an address belong to whose network it is in.</param>
internal readonly struct HostDirectory(
    MeshIndex mesh, string clientNamespace, bool isTcp = false, bool byNetwork = true)
{
    private const string ClusterSuffix = ".cluster.local";

    /// <summary>
    /// The host whose virtual host or listener takes a name or an address, wildcards and networks included; null when
    /// none does.
    /// </summary>
    public string? Find(string name, int port)
    {
        if (!HasTable(port)) return null;
        if (OwnerOf(name, port) is { } exact) return exact;
        if (!isTcp && byNetwork && IPAddress.TryParse(name.Trim('[', ']'), out var address))
        {
            foreach (var network in mesh.NetworksOf(address))
            {
                if (OwnerOf(network, port) is { } owner) return owner;
            }
        }

        for (var dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (OwnerOf($"*{name[dot..]}", port) is { } owner) return owner;
        }

        return OwnerOf("*", port);
    }

    /// <summary>The host that claims a domain in the table of a port; null when nobody does.</summary>
    public string? OwnerOf(string domain, int port)
    {
        if (mesh.Registry.Find(domain, clientNamespace) is { } service && Has(service, port)) return domain;
        if (!isTcp && mesh.RoutesFor(clientNamespace).IsUnknown(domain)) return domain;
        string? owner = null;
        foreach (var candidate in Candidates(domain))
        {
            if (owner is not null && string.CompareOrdinal(owner, candidate.Host) <= 0) continue;
            if (!Has(candidate, port) || !IsSeen(candidate)) continue;
            var names = VirtualHostDomains.NamesOf(candidate, clientNamespace);
            if (domain.Contains('/')) names = VirtualHostDomains.NetworksOf(candidate);
            if (names.Contains(domain, StringComparer.OrdinalIgnoreCase)) owner = candidate.Host;
        }

        return owner;
    }

    private bool Has(Service service, int port) => service.FindPort(port) is { Protocol: var protocol }
        && (isTcp ? protocol.IsTcp() : protocol.IsHttp());

    /// <summary>Whether there is a table of a port: some service that is seen has HTTP there, or none is needed.</summary>
    private bool HasTable(int port)
    {
        if (isTcp || port == RouteTranslator.DefaultPort) return true;
        foreach (var service in mesh.Registry.Services)
        {
            if (Has(service, port) && IsSeen(service)) return true;
        }

        return false;
    }

    private bool IsSeen(Service service) =>
        ReferenceEquals(mesh.Registry.Find(service.Host, clientNamespace), service);

    /// <summary>All services that could have a domain as one of their other names, and some that could not.</summary>
    private IEnumerable<Service> Candidates(string domain)
    {
        foreach (var service in mesh.AtAddress(domain.Trim('[', ']'))) yield return service;
        var name = domain.StartsWith("*.", StringComparison.Ordinal) ? domain[2..] : domain.TrimEnd('.');
        string[] hosts =
            [name, name + ClusterSuffix, name + HostName.ServiceSuffix, HostName.Of(name, clientNamespace)];
        foreach (var host in hosts)
        {
            if (mesh.Registry.Find(host, clientNamespace) is { } service) yield return service;
        }
    }
}
