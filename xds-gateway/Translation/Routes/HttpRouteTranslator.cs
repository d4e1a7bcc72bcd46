using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Makes the routes of one VirtualService for one proxy and port.</summary>
/// <remarks>
/// The order written is the order tried. Source labels, source namespace, gateways and port select who gets a rule at
/// all. After a rule that takes everything nothing more is written, as it could never be reached.
/// </remarks>
internal static class HttpRouteTranslator
{
    private const string MetadataKey = "istio";

    public static List<Route> Translate(ProxyView view, Sourced<VirtualService> source, int port)
    {
        var routes = new List<Route>();
        foreach (var rule in source.Spec.Http)
        {
            foreach (var match in rule.Match.IsEmpty ? [null] : rule.Match.Cast<HttpMatch?>())
            {
                if (match is not null && !IsFor(match, view.Scope, port)) continue;
                if (Translate(view, source, rule, match, port) is not { } route) continue;
                routes.Add(route);
                if (RouteMatchTranslator.TakesEverything(route.Match)) return routes;
            }
        }

        return routes;
    }

    /// <summary>The route of a service that no VirtualService speaks of.</summary>
    public static Route Default(ProxyView view, Service service, int port)
    {
        var action = RouteActionTranslator.Unlimited(ClusterName.Outbound(service.Host, port));
        HashPolicyTranslator.Apply(action, view.RuleOf(service).PolicyOf(port, null));
        action.RetryPolicy = RetryTranslator.Translate(view, null, action.HashPolicy.Count > 0);
        return new Route
        {
            Name = "default",
            Match = new RouteMatch { Prefix = "/" },
            Route_ = action,
            Decorator = new Decorator { Operation = $"{service.Host}:{port}/*" },
        };
    }

    private static bool IsFor(HttpMatch match, ProxyScope scope, int port) =>
        (match.Gateways.IsEmpty || match.Gateways.Contains(VirtualService.MeshGateway))
        && (match.SourceNamespace.Length == 0 || match.SourceNamespace == scope.Namespace)
        && (match.Port is not { } wanted || wanted == port)
        && LabelSelector.Matches(match.SourceLabels, scope.Labels);

    private static Route? Translate(
        ProxyView view, Sourced<VirtualService> source, HttpRoute rule, HttpMatch? match, int port)
    {
        var route = new Route
        {
            Name = match is { Name.Length: > 0 } ? $"{rule.Name}.{match.Name}" : rule.Name,
            Match = RouteMatchTranslator.Translate(match),
            Metadata = OriginOf(source),
            StatPrefix = match?.StatPrefix ?? "",
        };
        if (!RouteActionTranslator.Apply(route, view, source, rule, port)) return null;
        if (rule.Fault is { } fault && FaultTranslator.Translate(fault) is { } typed)
        {
            route.TypedPerFilterConfig[FilterNames.Fault] = Any.Pack(typed);
        }

        if (rule.CorsPolicy is { } cors)
        {
            route.TypedPerFilterConfig[FilterNames.Cors] = Any.Pack(CorsTranslator.Translate(cors));
        }

        return route;
    }

    /// <summary>Says which resource a route comes from: it is what a person who asks "why" wants to read.</summary>
    private static Metadata OriginOf(Sourced<VirtualService> source)
    {
        var path = $"/apis/networking.istio.io/v1/namespaces/{source.Namespace}/virtual-service/{source.Name}";
        return new Metadata
        {
            FilterMetadata = { [MetadataKey] = new Struct { Fields = { ["config"] = Value.ForString(path) } } },
        };
    }
}
