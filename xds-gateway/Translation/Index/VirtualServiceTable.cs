using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Routing;
using MeshOrleans.Model.Routing.GatewayApi;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>Which VirtualService answers for a host.</summary>
/// <remarks>
/// What routes of the Gateway API say of a service counts before all VirtualServices of its host, as in Istio; the strongest
/// of those still says what becomes of what no such route is for: requests, or the connections of a port.
/// Of several for one host the first counts, private ones (<c>exportTo: ["."]</c>) before those exported to the
/// client's namespace by name, and those before the public ones; each by age. Others are merged into it where both ask for
/// that (<see cref="RouteMerging"/>). An exact host counts before a wildcard, a longer wildcard before a shorter.
/// </remarks>
internal sealed class VirtualServiceTable
{
    private readonly Dictionary<string, Sourced<VirtualService>> exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServiceRoutes> attached;
    private readonly List<(string Host, Sourced<VirtualService> Source)> wildcards = [];

    public VirtualServiceTable(MeshIndex mesh, string clientNamespace, EgressScope egress)
    {
        attached = mesh.ServiceRoutes
            .Where(r => Visibility.Allows(r.Spec.ExportTo, r.Service.Namespace, clientNamespace))
            .Where(r => egress.Sees(r.Service.Namespace, r.Service.Host))
            .Where(r => mesh.Registry.Find(r.Service.Host, clientNamespace)?.Namespace == r.Service.Namespace)
            .GroupBy(r => r.Service.Host, StringComparer.Ordinal) // those for the client's namespace come first
            .ToDictionary(g => g.Key, g => g.Aggregate((first, next) => first.Over(next)), StringComparer.Ordinal);
        ImmutableArray<Sourced<VirtualService>> written =
        [
            .. mesh.VirtualServices
                .Where(v => Visibility.Allows(v.Spec.ExportTo, v.Namespace, clientNamespace))
                .Where(v => HostsOf(v).Any(host => egress.Sees(v.Namespace, host)))
                .OrderBy(v => HostPrecedence.Rank(v.Spec.ExportTo)), // a stable sort: within a rank the oldest stays first
        ];
        foreach (var source in written)
        {
            foreach (var host in HostsOf(source).Where(host => egress.Sees(source.Namespace, host))) Add(host, source);
        }

        wildcards.Sort((a, b) => b.Host.Length.CompareTo(a.Host.Length) is var byLength and not 0
            ? byLength
            : string.CompareOrdinal(a.Host, b.Host));
        foreach (var (host, routes) in attached) exact[host] = Over(Find(host), routes);
        All = [.. attached.Values.Select(Sourced), .. written];
    }

    /// <summary>All that are visible, the stronger first.</summary>
    public ImmutableArray<Sourced<VirtualService>> All { get; }

    /// <summary>All hosts that have one, as full names, with the one that counts; in fixed order.</summary>
    public IEnumerable<(string Host, Sourced<VirtualService> Source)> Hosts =>
        exact.Select(e => (e.Key, e.Value)).Concat(wildcards).OrderBy(e => e.Item1, StringComparer.Ordinal);

    /// <summary>The one that counts for a full host name; null when there is none.</summary>
    public Sourced<VirtualService>? Find(string host)
    {
        if (exact.TryGetValue(host, out var found)) return found;
        foreach (var (pattern, source) in wildcards)
        {
            if (HostName.Matches(pattern, host)) return source;
        }

        return null;
    }

    /// <summary>Whether another table was made of the very same; then it says the same.</summary>
    public bool IsSameAs(VirtualServiceTable other) =>
        ReferenceEquals(this, other)
        || (All.Length == other.All.Length
            && All.Zip(other.All).All(
                pair => ReferenceEquals(pair.First.Resource, pair.Second.Resource)
                    && ReferenceEquals(pair.First.Spec, pair.Second.Spec)));

    /// <summary>The routes of the Gateway API that count for a full host name; null when there are none.</summary>
    public ServiceRoutes? AttachedTo(string host) => attached.GetValueOrDefault(host);

    private static Sourced<VirtualService> Sourced(ServiceRoutes routes) => new(routes.Sources[0], routes.Spec);

    /// <summary>Who speaks for the host's requests is named as its source.</summary>
    private static Sourced<VirtualService> Over(Sourced<VirtualService>? other, ServiceRoutes routes)
    {
        if (other is null) return Sourced(routes);
        var joined = routes.Over(RouteMerging.InFull(other.Spec, other.Namespace));
        return routes.Spec.Http.IsEmpty
            ? other with { Spec = other.Spec with { Tls = joined.Tls, Tcp = joined.Tcp } }
            : Sourced(routes) with { Spec = joined };
    }

    private static IEnumerable<string> HostsOf(Sourced<VirtualService> source) =>
        source.Spec.Hosts.Select(host => HostName.Resolve(host, source.Namespace));

    private void Add(string host, Sourced<VirtualService> source)
    {
        if (!host.StartsWith('*'))
        {
            if (!exact.TryAdd(host, source)) exact[host] = Merge(exact[host], source);
            return;
        }

        var index = wildcards.FindIndex(w => w.Host == host);
        if (index < 0) wildcards.Add((host, source));
        else wildcards[index] = (host, Merge(wildcards[index].Source, source));
    }

    private static Sourced<VirtualService> Merge(Sourced<VirtualService> first, Sourced<VirtualService> next) =>
        first.Resource.Key != next.Resource.Key
            && RouteMerging.IsWanted(first.Resource)
            && RouteMerging.IsWanted(next.Resource)
            ? first with { Spec = RouteMerging.Merge(first.Spec, first.Namespace, next.Spec, next.Namespace) }
            : first;
}
