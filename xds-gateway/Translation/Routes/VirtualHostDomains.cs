using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>The names under which clients of a namespace may call a service.</summary>
/// <remarks>
/// Only services of the mesh have short names, and only clients of the same namespace may leave it out. Ports are
/// ignored when hosts are matched; the variants with port are there for clients that do compare them.
/// </remarks>
internal static class VirtualHostDomains
{
    /// <summary>The names of a service, the most telling first, without ports.</summary>
    public static IEnumerable<string> NamesOf(Service service, string clientNamespace)
    {
        yield return service.Host;
        if (!service.Host.StartsWith('*'))
        {
            yield return service.Host + ".";
            if (HostName.TrySplit(service.Host, out var name, out var ns))
            {
                yield return $"{name}.{ns}.svc";
                yield return $"{name}.{ns}";
                if (ns == clientNamespace) yield return name;
                if (service.IsHeadless)
                {
                    yield return $"*.{service.Host}";
                    yield return $"*.{name}.{ns}.svc";
                    yield return $"*.{name}.{ns}";
                }
            }
        }

        foreach (var address in service.Addresses)
        {
            if (address.Contains('/')) continue; // a network is no host
            yield return address.Contains(':') ? $"[{address}]" : address;
        }
    }

    /// <summary>The networks by whose addresses a service may be called, each in its one spelling.</summary>
    public static IEnumerable<string> NetworksOf(Service service) =>
        service.Addresses.Where(address => address.Contains('/')).Select(Addresses.Canonical).Distinct();

    /// <summary>A name as it stands in a virtual host: alone and with the port; a network has none.</summary>
    public static IEnumerable<string> WithPort(string name, int port) =>
        name == "*" || name.Contains('/') ? [name] : [name, $"{name}:{port}"];
}
