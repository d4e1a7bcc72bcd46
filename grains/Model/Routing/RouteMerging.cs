using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Routing;

/// <summary>
/// Puts the routes of two VirtualServices for one host together, where both ask for it by the label or annotation
/// <c>mesh.orleans.io/merge: "true"</c>. Without that the stronger one counts alone, as in Istio.
/// </summary>
/// <remarks>
/// The stronger one's routes come first. Entries that take every request go to the end, so that they do not hide what
/// the other says: the rule of Istio's gateways.
/// </remarks>
public static class RouteMerging
{
    /// <summary>The label or annotation.</summary>
    public const string Key = "mesh.orleans.io/merge";

    /// <summary>Whether a VirtualService asks to be merged with others of its host.</summary>
    public static bool IsWanted(ConfigResource resource) =>
        resource.Labels.GetValueOrDefault(Key) == "true" || resource.Annotations.GetValueOrDefault(Key) == "true";

    /// <summary>The stronger one with the routes of the other added.</summary>
    public static VirtualService Merge(
        VirtualService first, string firstNamespace, VirtualService next, string nextNamespace) => first with
    {
        Http =
        [
            .. first.Http.Select(r => FullNames.Of(r, firstNamespace))
                .Concat(next.Http.Select(r => FullNames.Of(r, nextNamespace)))
                .OrderBy(TakesEverything), // stable: within either part the order is kept
        ],
        Tls =
        [
            .. first.Tls.Select(r => Of(r, firstNamespace)), .. next.Tls.Select(r => Of(r, nextNamespace)),
        ],
        Tcp =
        [
            .. first.Tcp.Select(r => Of(r, firstNamespace)).Concat(next.Tcp.Select(r => Of(r, nextNamespace)))
                .OrderBy(r => r.Match.IsEmpty),
        ],
    };

    /// <summary>One with its destinations written out in full.</summary>
    public static VirtualService InFull(VirtualService service, string ns) => service with
    {
        Http = [.. service.Http.Select(r => FullNames.Of(r, ns))],
        Tls = [.. service.Tls.Select(r => Of(r, ns))],
        Tcp = [.. service.Tcp.Select(r => Of(r, ns))],
    };

    private static TlsRoute Of(TlsRoute route, string ns) =>
        route with { Route = [.. route.Route.Select(r => FullNames.Of(r, ns))] };

    private static TcpRoute Of(TcpRoute route, string ns) =>
        route with { Route = [.. route.Route.Select(r => FullNames.Of(r, ns))] };

    private static bool TakesEverything(HttpRoute route) => route.Match.IsEmpty || route.Match.Any(TakesEverything);

    private static bool TakesEverything(HttpMatch match) => match is
    {
        TakesEveryPath: true, Method: null, Authority: null, Scheme: null, Headers.IsEmpty: true,
        WithoutHeaders.IsEmpty: true, QueryParams.IsEmpty: true,
    };
}
