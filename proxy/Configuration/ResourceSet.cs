using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration;

/// <summary>One accepted resource: as it came, and as it was read.</summary>
internal sealed record XdsResource<T>(string Name, string Version, Any Body, T Content);

/// <summary>All accepted resources of the four types that make up a model. Immutable.</summary>
internal sealed record ResourceSet
{
    public static ResourceSet Empty { get; } = new();

    public ImmutableSortedDictionary<string, XdsResource<ClusterTemplate>> Clusters { get; init; } =
        None<ClusterTemplate>();

    public ImmutableSortedDictionary<string, XdsResource<LoadAssignment>> Assignments { get; init; } =
        None<LoadAssignment>();

    public ImmutableSortedDictionary<string, XdsResource<ListenerTemplate>> Listeners { get; init; } =
        None<ListenerTemplate>();

    public ImmutableSortedDictionary<string, XdsResource<RouteTemplate>> Routes { get; init; } =
        None<RouteTemplate>();

    /// <summary>
    /// What DNS has answered for the names of endpoints; not a resource, but part of the same
    /// picture.
    /// </summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Addresses { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    /// <summary>The version and the content of a resource as it came; null when it is not held.</summary>
    public (string Version, Any Body)? Find(string typeUrl, string name) => typeUrl switch
    {
        TypeUrls.Cluster => Find(Clusters, name),
        TypeUrls.ClusterLoadAssignment => Find(Assignments, name),
        TypeUrls.Listener => Find(Listeners, name),
        TypeUrls.RouteConfiguration => Find(Routes, name),
        _ => null,
    };

    /// <summary>The names that DNS must answer for.</summary>
    public IEnumerable<string> DnsNames => Clusters.Values.SelectMany(c => c.Content.Names).Distinct();

    /// <summary>The names that EDS must deliver for these clusters.</summary>
    public IEnumerable<string> AssignmentNames =>
        Clusters.Values.Select(c => c.Content.EdsName).OfType<string>().Distinct();

    /// <summary>The names that RDS must deliver for these listeners.</summary>
    public IEnumerable<string> RouteNames => Listeners.Values.SelectMany(l => l.Content switch
    {
        ListenerTemplate.Outbound { Http.Routes: null } outbound => [outbound.Http.RouteName],
        ListenerTemplate.Edge edge =>
            edge.Chains.Where(c => c.Http is { Routes: null }).Select(c => c.Http!.RouteName),
        ListenerTemplate.Inbound inbound =>
            inbound.Ports.Where(p => p.Http is { Routes: null }).Select(p => p.Http!.RouteName),
        _ => Enumerable.Empty<string>(),
    }).Distinct();

    /// <summary>Forgets what no cluster and no listener refers to any more.</summary>
    public ResourceSet WithoutOrphans()
    {
        var (assignments, routes) = (AssignmentNames.ToHashSet(), RouteNames.ToHashSet());
        return this with
        {
            Assignments = Assignments.RemoveRange(Assignments.Keys.Where(n => !assignments.Contains(n))),
            Routes = Routes.RemoveRange(Routes.Keys.Where(n => !routes.Contains(n))),
        };
    }

    private static (string Version, Any Body)? Find<T>(
        ImmutableSortedDictionary<string, XdsResource<T>> resources, string name) =>
        resources.TryGetValue(name, out var held) ? (held.Version, held.Body) : null;

    private static ImmutableSortedDictionary<string, XdsResource<T>> None<T>() =>
        ImmutableSortedDictionary.Create<string, XdsResource<T>>(StringComparer.Ordinal);
}
