using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing;

/// <summary>
/// Writes destinations out in full before routes of several resources are put together: a short name belongs to the
/// namespace of who wrote it.
/// </summary>
internal static class FullNames
{
    public static HttpRoute Of(HttpRoute route, string ns) => route with
    {
        Route = [.. route.Route.Select(r => r with { Destination = Of(r.Destination, ns) })],
        Mirror = Of(route.Mirror, ns),
        Mirrors = [.. route.Mirrors.Select(m => m with { Destination = Of(m.Destination, ns) })],
    };

    public static WeightedDestination Of(WeightedDestination target, string ns) =>
        target with { Destination = Of(target.Destination, ns) };

    private static Destination? Of(Destination? destination, string ns) =>
        destination is null ? null : destination with { Host = HostName.Resolve(destination.Host, ns) };
}
