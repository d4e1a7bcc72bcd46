using Google.Protobuf.Collections;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation.GatewayApi;

/// <summary>GRPCRoutes, and where they meet HTTPRoutes.</summary>
public sealed class CallRouteTests
{
    private const string C = "outbound|7070||c.other.svc.cluster.local";

    [Fact]
    public void A_call_becomes_a_path_and_the_longer_service_and_method_come_first()
    {
        var routes = Routes(7070, Route("GRPCRoute", "r", """
            - matches: [ { headers: [ { name: x, value: "1" } ] } ]
              backendRefs: [ { name: c, port: 7070 } ]
            - matches:
              - { method: { method: Get } }
              - { method: { service: shop.Cart } }
              - { method: { service: shop.Cart, method: Get } }
              - { method: { type: RegularExpression, service: "shop[.]Carts?" } }
              - { method: { service: shop.Cart, method: Get }, headers: [ { name: x, value: "1" } ] }
              backendRefs: [ { name: c, port: 7070 } ]
            """));

        Assert.Equal(
            [
                "/(?:shop[.]Carts?)/[^/]+", "/shop.Cart/Get x", "/shop.Cart/Get", "/shop.Cart/*", "/[^/]+/Get", "* x",
            ],
            routes.Select(Describe));
        Assert.All(routes, r => Assert.Equal(C, r.Route_.Cluster));
    }

    [Fact]
    public void Calls_to_what_does_not_exist_are_answered_so_that_they_end_as_UNAVAILABLE()
    {
        var route = Assert.Single(Routes(7070, Route("GRPCRoute", "r", "- backendRefs: [ { name: nobody, port: 1 } ]")));
        var part = Assert.Single(Routes(
            7070, Route("GRPCRoute", "r", "- backendRefs: [ { name: nobody, port: 1 }, { name: c, port: 7070 } ]")));

        Assert.Equal(503u, route.DirectResponse.Status);
        Assert.Equal(
            RouteAction.Types.ClusterNotFoundResponseCode.ServiceUnavailable, part.Route_.ClusterNotFoundResponseCode);
    }

    [Fact]
    public void At_a_port_of_a_service_GRPCRoutes_count_before_older_HTTPRoutes()
    {
        var yaml = Route("HTTPRoute", "http", "- backendRefs: [ { name: c, port: 80 } ]") + "\n---\n"
            + Route("GRPCRoute", "grpc", "- backendRefs: [ { name: c, port: 7070 } ]", "name: c, port: 7070");

        Assert.Equal(["other.grpc.0"], Routes(7070, yaml).Select(r => r.Name));
        Assert.Equal(["other.http.0"], Routes(80, yaml).Select(r => r.Name));
    }

    [Theory]
    [InlineData("HTTPRoute", "GRPCRoute")]
    [InlineData("GRPCRoute", "HTTPRoute")]
    public void A_host_of_a_listener_belongs_to_the_kind_of_the_oldest_route(string older, string younger)
    {
        const string Gateway = """
            kind: Gateway
            apiVersion: gateway.networking.k8s.io/v1
            metadata: { name: edge, namespace: other }
            spec: { gatewayClassName: mesh, listeners: [ { name: http, port: 80, protocol: HTTP } ] }
            """;
        var proxy = TestMesh.Scope("other", "app=edge,gateway.networking.k8s.io/gateway-name=edge") with { Mode = ProxyMode.Gateway };
        var yaml = string.Join("\n---\n", Gateway, Of(older, "a-older"), Of(younger, "b-younger"));

        var routes = TestMesh.With(yaml).For(proxy).Routes("http.80").VirtualHosts[0].Routes;

        Assert.Equal("other.a-older.0", Assert.Single(routes).Name);

        static string Of(string kind, string name) =>
            Route(kind, name, "- backendRefs: [ { name: c, port: 80 } ]").Replace("group: \"\", kind: Service, name: c", "name: edge", StringComparison.Ordinal);
    }

    private static string Describe(Route route)
    {
        var path = route.Match.PathSpecifierCase switch
        {
            RouteMatch.PathSpecifierOneofCase.Path => route.Match.Path,
            RouteMatch.PathSpecifierOneofCase.SafeRegex => route.Match.SafeRegex.Regex,
            RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix => route.Match.PathSeparatedPrefix + "/*",
            _ => "*",
        };
        return path + string.Concat(route.Match.Headers.Select(h => $" {h.Name}"));
    }

    private static RepeatedField<Route> Routes(int port, string yaml) =>
        TestMesh.With(yaml).For().Host("c.other.svc.cluster.local", port).Routes;

    private static string Route(string kind, string name, string rules, string parent = "name: c") => $$"""
        kind: {{kind}}
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: {{name}}, namespace: other }
        spec:
          parentRefs: [ { group: "", kind: Service, {{parent}} } ]
          rules:
        {{string.Join('\n', rules.Split('\n').Select(line => "  " + line))}}
        """;
}
