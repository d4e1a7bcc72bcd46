using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Istio;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Names;

/// <summary>
/// Makes the table from which a client answers questions for names: one resource for all that it sees.
/// </summary>
/// <remarks>
/// Pure. A service is found at its virtual addresses; one that has none at those of its members that may be sent
/// traffic; the members of a headless one by names of their own too. What only DNS can answer is not in the table, nor
/// is a wildcard. Source: Istio's <c>nds.proto</c>.
/// </remarks>
internal static class NameTableTranslator
{
    /// <summary>The name of the resource, where the method of discovery gives names.</summary>
    public const string Name = "name-table";

    private const int MaxLabel = 63;

    public static ResourceGroup Translate(ProxyView view)
    {
        var entries = new SortedDictionary<string, NameTable.Types.NameInfo>(StringComparer.Ordinal);
        foreach (var service in view.Services.Where(s => s.Host[0] != '*')) Add(entries, view, service);
        var table = new NameTable();
        foreach (var (host, info) in entries) table.Table.Add(host, info);
        return ResourceGroup.Of(TypeUrls.NameTable, [EncodedResource.Of(Name, table)]);
    }

    /// <summary>Whether the table depends on who the members of a service are.</summary>
    public static bool NamesMembers(Service service) => service.Addresses.IsEmpty;

    private static void Add(
        SortedDictionary<string, NameTable.Types.NameInfo> entries, ProxyView view, Service service)
    {
        ImmutableArray<Workload> members = NamesMembers(service) ? [.. MembersOf(view, service)] : [];
        var addresses = NamesMembers(service)
            ? members.Select(w => w.Address)
            : service.Addresses.Where(a => Addresses.Network(a) is not null).Select(Addresses.Canonical)
                .Where(Addresses.IsHost)
                .Select(Addresses.HostOf);
        if (Info(service, addresses) is { Ips.Count: > 0 } info) entries[service.Host] = info;
        if (!service.IsHeadless) return;
        foreach (var member in members.Where(w => IsLabel(w.Name)))
        {
            entries.TryAdd($"{member.Name}.{service.Host}", Info(service, [member.Address]));
        }
    }

    private static IEnumerable<Workload> MembersOf(ProxyView view, Service service) =>
        service.Resolution is not ServiceResolution.Static
            ? []
            : service.Ports.SelectMany(port => view.Mesh.Registry.Endpoints(service, port))
                .Select(endpoint => endpoint.Workload)
                .Where(w => w.Health is not WorkloadHealth.Unhealthy && IPAddress.TryParse(w.Address, out _))
                .DistinctBy(w => w.Address);

    private static NameTable.Types.NameInfo Info(Service service, IEnumerable<string> addresses)
    {
        var isKubernetes = service.Origin is not ServiceOrigin.ServiceEntry;
        return new NameTable.Types.NameInfo
        {
            Ips = { addresses.Order(StringComparer.Ordinal).Distinct() },
            Registry = isKubernetes ? "Kubernetes" : "External",
            Shortname = isKubernetes ? service.Name : "",
            Namespace = isKubernetes ? service.Namespace : "",
        };
    }

    private static bool IsLabel(string name) =>
        name.Length is > 0 and <= MaxLabel
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
