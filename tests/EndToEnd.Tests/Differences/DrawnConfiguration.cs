using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>A small configuration of routes, subsets, policies and scopes.</summary>
internal static class DrawnConfiguration
{
    /// <summary>Draws one.</summary>
    /// <param name="draw">Chance.</param>
    /// <param name="outside">Somebody without a sidecar, for a ServiceEntry.</param>
    public static string Of(Draw draw, Member outside) => string.Join("\n---\n", new[]
    {
        draw.Perhaps(85, () => DrawnRoutes.VirtualService(draw, "v", draw.One("b", "b", "b.app.svc.cluster.local", "\"*.app.svc.cluster.local\"", "b, a"), "mesh")),
        draw.Perhaps(25, () => DrawnRoutes.VirtualService(draw, "w", draw.One("a", "b", "o.other.svc.cluster.local", "shop.example"), "mesh")),
        draw.Perhaps(80, () => DrawnRoutes.VirtualService(draw, "e", draw.One("b.example", "\"*.example\"", "b.example, c.example"), draw.One("istio-system/gw", "istio-system/gw, istio-system/tls"))),
        draw.Perhaps(30, () => DrawnRoutes.VirtualService(draw, "f", draw.One("b.example", "c.example"), draw.One("istio-system/gw", "mesh, istio-system/gw", "istio-system/tls"))),
        draw.Perhaps(30, () => DrawnRoutes.HttpRoute(draw, "h")),
        draw.Perhaps(25, () => DrawnRoutes.GrpcRoute(draw, "g")),
        draw.Perhaps(80, () => Rule(draw)),
        draw.Perhaps(50, () => DrawnPolicies.Policy(draw, "p")),
        draw.Perhaps(40, () => DrawnPolicies.Policy(draw, "q")),
        draw.Perhaps(30, () => DrawnPolicies.Policy(draw, "r")),
        draw.Perhaps(40, () => DrawnTokens.RequestAuthentication(draw, "s")),
        draw.Perhaps(25, () => DrawnTokens.RequestAuthentication(draw, "t")),
        draw.Perhaps(30, () => Entry(outside)),
        draw.Perhaps(20, () => Scope(draw)),
        draw.Perhaps(45, () => Lane(draw, "blue", "app")),
        draw.Perhaps(25, () => Lane(draw, "green", draw.One("app", "istio-system"))),
        """{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: always, namespace: app}, spec: {host: a, subsets: [{name: all}]}}""",
    }.Where(text => text.Length > 0));

    private static string Rule(Draw draw) =>
        $$$"""{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, {{{draw.Perhaps(10, () => "trafficPolicy: {tls: {mode: DISABLE}}, ")}}}subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}""";

    private static string Entry(Member outside) =>
        $$$"""{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: shop, namespace: app}, spec: {hosts: [shop.example], location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: {{{outside.Address}}}, ports: {http: {{{outside.Spec.Port}}}}}]}}""";

    private static string Lane(Draw draw, string name, string ns)
    {
        var hosts = draw.Perhaps(40, () => $"hosts: [{draw.One("b", "a", "b.app.svc.cluster.local", "a, b", "o.other.svc.cluster.local")}], ");
        var match = draw.Perhaps(60, () => $"match: [{draw.One("{headers: {x-user: {exact: alice}}}", "{headers: {x-user: {prefix: al}}, method: {exact: GET}}", "{authority: {prefix: b}, headers: {x-color: {}}}", "{uri: {prefix: /api}}, {queryParams: {a: {exact: '1'}}}", "{withoutHeaders: {x-user: {exact: bob}}}", "{headers: {baggage: {regex: '.*blue.*'}}}")}], ");
        return $$$"""{apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: {{{name}}}, namespace: {{{ns}}}}, spec: {{{{hosts}}}{{{match}}}labels: {{{{draw.One("version: v2", "version: v2", "version: v1", "app: b", "app: nobody", "app: a")}}}}, fallback: {{{draw.One("BASE", "BASE", "REFUSE")}}}}}""";
    }

    private static string Scope(Draw draw) =>
        $$$"""{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: default, namespace: app}, spec: {outboundTrafficPolicy: {mode: {{{draw.One("REGISTRY_ONLY", "ALLOW_ANY")}}}}, egress: [{hosts: [{{{draw.One("\"./*\"", "\"*/*\"", "\"./b.app.svc.cluster.local\"", "\"./*\", \"other/*\"")}}}]}]}}""";
}
