using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>Which of two routes of the Gateway API counts first when nothing else tells them apart.</summary>
/// <remarks>
/// The older; of those that came with one revision the first by <c>namespace/name</c>, wherever it stood in the file.
/// Source: Gateway API, "Conflicts". Resources of Istio go by their place (<see cref="ConfigResource.ByAge"/>).
/// </remarks>
public static class RouteAge
{
    /// <summary>The order, the one that counts first before the others.</summary>
    public static IComparer<ConfigResource> Order { get; } = Comparer<ConfigResource>.Create(static (one, other) =>
    {
        var byRevision = one.CreatedRevision.CompareTo(other.CreatedRevision);
        if (byRevision != 0) return byRevision;
        var byName = string.CompareOrdinal(NameOf(one.Key), NameOf(other.Key));
        return byName != 0 ? byName : string.CompareOrdinal(one.Key.Kind, other.Key.Kind);
    });

    /// <summary>All routes of a mesh in that order.</summary>
    /// <param name="routes">The routes, in any order.</param>
    public static ImmutableArray<(ConfigResource Resource, AttachedRoute Route)> OldestFirst(
        IEnumerable<(ConfigResource Resource, AttachedRoute Route)> routes) => [.. routes.OrderBy(route => route.Resource, Order)];

    private static string NameOf(ConfigKey key) => $"{key.Namespace}/{key.Name}";
}
