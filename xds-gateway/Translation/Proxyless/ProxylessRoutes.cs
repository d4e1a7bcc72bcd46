using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.Type;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>Makes the route table of one service port.</summary>
/// <remarks>
/// gRPC knows routes that forward. A redirect or a direct answer becomes a route whose calls fail with the status that
/// the answer would have had for a gRPC client. The last route always takes everything: a C-core refuses a host of
/// whose paths none is that of a gRPC method.
/// </remarks>
internal static class ProxylessRoutes
{
    private const uint Unknown = 2;
    private const uint PermissionDenied = 7;
    private const uint Unimplemented = 12;
    private const uint Internal = 13;
    private const uint Unavailable = 14;
    private const uint Unauthenticated = 16;

    public static RouteConfiguration Translate(ProxyView view, ProxylessTarget target)
    {
        var host = new VirtualHost { Name = $"{target.Service.Host}:{target.Port}", Domains = { target.Domains } };
        foreach (var route in Sources(view, target)) host.Routes.AddRange(Adapt(route, target));
        if (host.Routes.Count == 0 || !RouteMatchTranslator.TakesEverything(host.Routes[^1].Match))
        {
            host.Routes.Add(Failing("unmatched", new RouteMatch { Prefix = "/" }, target, Unavailable));
        }

        return new RouteConfiguration { Name = target.Name, VirtualHosts = { host } };
    }

    private static List<Route> Sources(ProxyView view, ProxylessTarget target)
    {
        var routes = view.VirtualServices.Find(target.Service.Host) is { } source
            ? HttpRouteTranslator.Translate(view, source, target.Port)
            : [];
        return routes.Count > 0 ? routes : [HttpRouteTranslator.Default(view, target.Service, target.Port)];
    }

    /// <summary>
    /// The route as gRPC takes it: none when no call can match it, several for a condition it cannot say.
    /// </summary>
    private static IEnumerable<Route> Adapt(Route source, ProxylessTarget target)
    {
        foreach (var match in ProxylessMatch.Adapt(source.Match))
        {
            yield return source.ActionCase switch
            {
                Route.ActionOneofCase.Route_ => Forwarding(source, match),
                Route.ActionOneofCase.DirectResponse =>
                    Failing(source.Name, match, target, CodeOf(source.DirectResponse.Status)),
                _ => Failing(source.Name, match, target, Unavailable),
            };
        }
    }

    private static Route Forwarding(Route source, RouteMatch match)
    {
        var route = new Route { Name = source.Name, Match = match, Route_ = ProxylessAction.Adapt(source.Route_) };
        if (source.TypedPerFilterConfig.TryGetValue(FilterNames.Fault, out var fault))
        {
            route.TypedPerFilterConfig[FilterNames.Fault] = fault;
        }

        return route;
    }

    private static Route Failing(string name, RouteMatch match, ProxylessTarget target, uint code)
    {
        var always = new FractionalPercent { Numerator = 100 };
        var fault = new HTTPFault { Abort = new FaultAbort { GrpcStatus = code, Percentage = always } };
        return new Route
        {
            Name = name,
            Match = match,
            Route_ = new RouteAction { Cluster = target.Name },
            TypedPerFilterConfig = { [FilterNames.Fault] = Any.Pack(fault) },
        };
    }

    /// <summary>Source: gRPC, "HTTP to gRPC Status Code Mapping".</summary>
    private static uint CodeOf(uint status) => status switch
    {
        400 => Internal,
        401 => Unauthenticated,
        403 => PermissionDenied,
        404 => Unimplemented,
        429 or 502 or 503 or 504 => Unavailable,
        _ => Unknown,
    };
}
