using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Silo.Access;

/// <summary>Whose services a host is the name of, or covers: the names under which sidecars answer for a service.</summary>
/// <remarks>
/// A service is called <c>name.namespace.svc.cluster.local</c>, <c>.svc</c>, and <c>name.namespace</c>; a headless one also by
/// whatever stands before that; and by its address. Whether <c>a.b</c> is such a name goes by whether the mesh has a namespace
/// <c>b</c>; of longer ones without <c>.svc</c>, by whether it has the service: everything else is a host outside. Those
/// are of the namespaces that have a ServiceEntry for them, and addresses of those whose members are there, towards claims that
/// <see cref="HostClaim.TakesOver"/>.
/// </remarks>
internal sealed class HostOwners
{
    /// <summary>Stands for the namespaces of all services.</summary>
    public const string Everybody = "*";

    private const string Cluster = HostName.ServiceSuffix;

    private readonly HashSet<string> _namespaces = new(StringComparer.Ordinal);
    private readonly HashSet<(string Name, string Namespace)> _services = [];
    private readonly List<(IPAddress Address, string Namespace)> _addresses = [];
    private readonly HashSet<(string Host, string Namespace)> _entries = [];
    private readonly HashSet<(IPNetwork Network, string Namespace)> _networks = [];

    /// <summary>Learns of a resource that is there or is to be.</summary>
    public void Add(ConfigResource resource)
    {
        _namespaces.Add(resource.Key.Namespace);
        if (resource.Spec is ServiceEntry entry)
        {
            foreach (var host in entry.Hosts) _entries.Add((host.TrimEnd('.').ToLowerInvariant(), resource.Key.Namespace));
            foreach (var place in entry.Addresses) AddNetwork(place, resource.Key.Namespace);
        }

        if (resource.Spec is not KubernetesService service) return;
        _services.Add((resource.Key.Name, resource.Key.Namespace));
        if (IPAddress.TryParse(service.ClusterIp, out var address)) _addresses.Add((address, resource.Key.Namespace));
    }

    /// <summary>Learns of a member of a namespace, and where it is.</summary>
    public void AddMember(string address, string ns)
    {
        _namespaces.Add(ns);
        AddNetwork(address, ns);
    }

    /// <summary>Learns of a service of another mesh.</summary>
    public void AddImport(string name, string ns)
    {
        _namespaces.Add(ns);
        _services.Add((name, ns));
    }

    /// <summary>The namespaces of the services that a claim is about; <see cref="Everybody"/> for all; none for a host outside.</summary>
    public IEnumerable<string> Of(HostClaim claim)
    {
        var host = claim.Full;
        if (AddressesIn(host) is { } network)
        {
            if (claim.TakesOver && network.PrefixLength == 0) return [Everybody];
            var own = _addresses.Where(known => Covers(network, known.Address)).Select(known => known.Namespace);
            return claim.TakesOver ? own.Concat(NeighboursIn(network)).Distinct() : own.Distinct();
        }

        var isPattern = host.StartsWith('*');
        var name = isPattern ? host.TrimStart('*').TrimStart('.') : host;
        if (name.Length == 0 || (isPattern && Cluster.EndsWith($".{name}", StringComparison.Ordinal)) || (isPattern && name == "svc"))
        {
            return [Everybody];
        }

        return OwnerOf(name, isPattern) is { } owner ? [owner] : claim.TakesOver ? EntriesOf(host) : [];
    }

    private IEnumerable<string> NeighboursIn(IPNetwork network) => _networks
        .Where(known => Covers(network, known.Network.BaseAddress) || Covers(known.Network, network.BaseAddress))
        .Select(known => known.Namespace);

    private IEnumerable<string> EntriesOf(string host) => _entries
        .Where(entry => HostName.Matches(entry.Host, host) || HostName.Matches(host, entry.Host))
        .Select(entry => entry.Namespace)
        .Distinct();

    private void AddNetwork(string text, string ns)
    {
        if (AddressesIn(text) is { } network) _networks.Add((network, ns));
    }

    private string? OwnerOf(string name, bool isPattern)
    {
        foreach (var suffix in (ReadOnlySpan<string>)[Cluster, ".svc"])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal)) return LastLabel(name[..^suffix.Length]);
        }

        if (name.Split('.') is not [.., var ns] labels) return null;
        return labels.Length switch
        {
            1 when isPattern => _namespaces.Contains(ns) ? ns : null,
            1 => Everybody,
            2 => _namespaces.Contains(ns) ? ns : null,
            _ => _services.Contains((labels[^2], ns)) ? ns : null,
        };
    }

    private static string LastLabel(string front) => front[(front.LastIndexOf('.') + 1)..];

    private static IPNetwork? AddressesIn(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text.Trim('[', ']'), out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;

    private static bool Covers(IPNetwork network, IPAddress address) =>
        network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);
}
