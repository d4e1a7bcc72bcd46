using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Edge;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Policies;
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

    /// <param name="gateways">
    /// The gateways, as <c>namespace/name</c>, at which a gateway proxy serves the routes; null for a sidecar.
    /// </param>
    public static List<Route> Translate(
        ProxyView view, Sourced<VirtualService> source, int port, IReadOnlySet<string>? gateways = null) =>
        [.. Walk(view, source, port, gateways).Select(rule => rule.Route).OfType<Route>()];

    /// <summary>
    /// The conditions of a VirtualService one by one, each with its route or with why this proxy has none for it. What
    /// stands behind a route that takes everything is left out.
    /// </summary>
    public static IEnumerable<TranslatedRule> Walk(
        ProxyView view, Sourced<VirtualService> source, int port, IReadOnlySet<string>? gateways = null)
    {
        foreach (var (r, rule) in source.Spec.Http.Index())
        {
            foreach (var (m, match) in (rule.Match.IsEmpty ? [null] : rule.Match.Cast<HttpMatch?>()).Index())
            {
                var place = new TranslatedRule(r, match is null ? null : m, rule.Name, null, "", rule.Origin);
                if (match is not null
                    && ExclusionOf(match, source.Namespace, view.Scope, port, gateways) is { } exclusion)
                {
                    yield return place with { Exclusion = exclusion };
                    continue;
                }

                var route = Translate(view, source, rule, match, port);
                yield return place with { Route = route, Exclusion = route is null ? "has no action here" : "" };
                if (route is not null && RouteMatchTranslator.TakesEverything(route.Match)) yield break;
            }
        }
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

    /// <summary>Why a condition is not for this proxy at all; null when it is.</summary>
    private static string? ExclusionOf(
        HttpMatch match, string ns, ProxyScope scope, int port, IReadOnlySet<string>? gateways)
    {
        if (match.Port is { } wanted && wanted != port) return $"is for port {wanted}";
        if (Names(match).Any(n => ClaimPath.IsNoHeader(n) && (gateways is null || ClaimPath.OfHeader(n) is null)))
        {
            return gateways is null ? "asks for claims, which are read at gateways only" : "asks for what is no claim";
        }

        var isForNamespace = match.SourceNamespace.Length == 0 || match.SourceNamespace == scope.Namespace;
        var isForClient = isForNamespace && LabelSelector.Matches(match.SourceLabels, scope.Labels);
        if (gateways is not null)
        {
            return EdgeRoutes.IsFor(match.Gateways, ns, gateways, isForClient)
                ? null
                : "is not for this gateway";
        }

        if (!isForNamespace) return $"is for clients of namespace {match.SourceNamespace}";
        if (!isForClient)
        {
            return $"is for clients with {string.Join(", ", match.SourceLabels.Select(l => $"{l.Key}={l.Value}"))}";
        }

        return match.Gateways.IsEmpty || match.Gateways.Contains(VirtualService.MeshGateway)
            ? null
            : $"is for gateways: {string.Join(", ", match.Gateways)}";
    }

    /// <summary>
    /// Claims are proved by tokens, which are verified at gateways only: anywhere else, and where no claim is named, such
    /// a rule never matches, whatever a client writes into its headers.
    /// </summary>
    private static IEnumerable<string> Names(HttpMatch match) => match.Headers.Keys.Concat(match.WithoutHeaders.Keys);

    private static Route? Translate(
        ProxyView view, Sourced<VirtualService> source, HttpRoute rule, HttpMatch? match, int port)
    {
        var route = new Route
        {
            Name = match is { Name.Length: > 0 } ? $"{rule.Name}.{match.Name}" : rule.Name,
            Match = RouteMatchTranslator.Translate(match),
            Metadata = OriginOf(source, rule),
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
    private static Metadata OriginOf(Sourced<VirtualService> source, HttpRoute rule)
    {
        var path = rule.Origin is { Key: var (kind, ns, name) }
            ? $"/apis/gateway.networking.k8s.io/v1/namespaces/{ns}/{kind.ToLowerInvariant()}s/{name}"
            : $"/apis/networking.istio.io/v1/namespaces/{source.Namespace}/virtual-service/{source.Name}";
        return new Metadata
        {
            FilterMetadata = { [MetadataKey] = new Struct { Fields = { ["config"] = Value.ForString(path) } } },
        };
    }
}
