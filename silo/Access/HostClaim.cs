using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Silo.Access;

/// <summary>A host, or an address, that a resource makes itself the answer for.</summary>
/// <param name="Written">As the resource writes it.</param>
/// <param name="Full">In full, in lower case and without the dot that may end it.</param>
/// <param name="TakesOver">
/// Whether it is taken from whoever has it, for clients of other namespaces: routes and rules count for the entries of
/// others, and an address leads where the last one says. Of two entries of one host each keeps its own.
/// </param>
internal readonly record struct HostClaim(string Written, string Full, bool TakesOver = false)
{
    /// <summary>
    /// What a resource claims beyond its own namespace. Nothing where it counts for clients of its own namespace only:
    /// VirtualServices and DestinationRules with <c>exportTo: ["."]</c>, HealthChecks, and routes of the Gateway API that are
    /// attached to a Service of another namespace.
    /// </summary>
    public static IEnumerable<HostClaim> Of(ConfigResource resource)
    {
        var ns = resource.Key.Namespace;
        return resource.Spec switch
        {
            VirtualService service => IsPrivate(service.ExportTo, ns) ? [] : Of(service, ns),
            DestinationRule rule => IsPrivate(rule.ExportTo, ns) ? [] : [At(rule.Host, ns) with { TakesOver = true }],
            ServiceEntry entry => Of(entry, ns),
            Gateway gateway => gateway.Servers.SelectMany(server => server.Hosts)
                .Select(host => Literal(host[(host.IndexOf('/') + 1)..])).Where(claim => claim.Full != "*"),
            KubernetesGateway gateway => gateway.Listeners.Select(listener => Literal(listener.Hostname))
                .Where(claim => claim.Full is not ("" or "*")),
            AttachedRoute route => route.Hostnames.Select(Literal).Where(claim => claim.Full != "*"),
            KubernetesService service => service.ClusterIp is "" or "None" ? [] : [Literal(service.ClusterIp)],
            _ => [],
        };
    }

    // At the gateways "*" is what no other host is for; in the mesh it would be everything.
    private static IEnumerable<HostClaim> Of(VirtualService service, string ns) =>
        service.Hosts.Concat(service.Tls.SelectMany(route => route.Match).SelectMany(match => match.SniHosts))
            .Where(host => host != "*" || service.IsForSidecars)
            .Select(host => At(host, ns) with { TakesOver = service.IsForSidecars });

    // Its hosts are not made full: one without a dot is what clients of every namespace call their own service by.
    private static IEnumerable<HostClaim> Of(ServiceEntry entry, string ns)
    {
        var isPrivate = IsPrivate(entry.ExportTo, ns);
        foreach (var claim in entry.Hosts.Select(Literal))
        {
            if (!isPrivate || claim.Full.Contains('.') || claim.Full.Contains('*')) yield return claim;
        }

        foreach (var address in entry.Addresses) yield return Literal(address) with { TakesOver = !isPrivate };

        if (isPrivate || !entry.Addresses.IsEmpty) yield break;
        foreach (var port in entry.Ports.Where(IsOfBytes))
        {
            yield return new HostClaim($"any address on port {port.Number}, with neither addresses nor exportTo", "*");
        }
    }

    // of TLS the name in the handshake is looked at, of requests their host; of all else there is the address alone
    private static bool IsOfBytes(NamedPort port) =>
        (AppProtocols.Parse(port.Protocol) ?? AppProtocols.Of("", port.Name, port.Number))
            is AppProtocol.Unspecified or AppProtocol.Tcp or AppProtocol.Mongo or AppProtocol.Mysql or AppProtocol.Redis;

    private static bool IsPrivate(ImmutableArray<string> exportTo, string ns) =>
        !exportTo.IsDefaultOrEmpty && exportTo.All(target => target is "." or "~" || target == ns);

    private static HostClaim At(string host, string ns) => new(host, HostName.Resolve(host.TrimEnd('.'), ns));

    private static HostClaim Literal(string host) => new(host, host.TrimEnd('.').ToLowerInvariant());
}
