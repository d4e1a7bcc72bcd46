using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Translation.Scopes;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;

namespace MeshOrleans.Xds.Tests.Translation.GatewayApi;

/// <summary>AuthorizationPolicies and RequestAuthentications that are attached to a Gateway.</summary>
public sealed class PolicyTargetTests
{
    private const string Mesh = """
        kind: Gateway
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: edge, namespace: infra }
        spec: { gatewayClassName: mesh, listeners: [ { name: http, port: 80, protocol: HTTP } ] }
        ---
        kind: Gateway
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: other, namespace: infra }
        spec: { gatewayClassName: mesh, listeners: [ { name: http, port: 80, protocol: HTTP } ] }
        ---
        kind: Gateway
        apiVersion: gateway.networking.k8s.io/v1
        metadata: { name: edge, namespace: istio-system }
        spec: { gatewayClassName: mesh, listeners: [ { name: http, port: 80, protocol: HTTP } ] }
        """;

    [Theory]
    [InlineData("infra", "edge", "infra", true)]
    [InlineData("infra", "other", "infra", false)]
    [InlineData("istio-system", "edge", "infra", false)]
    [InlineData("istio-system", "edge", "istio-system", true)]
    [InlineData("infra", "edge", "istio-system", false)] // the root's policies at a Gateway are for its own
    public void A_policy_is_for_the_proxies_of_the_Gateway_that_it_names(string ns, string gateway, string policyNs, bool expected)
    {
        var filters = Filters(ns, gateway, Policy("AuthorizationPolicy", policyNs, "action: DENY, rules: [ {} ]")
            + Policy("RequestAuthentication", policyNs, "jwtRules: [ { issuer: i, jwks: '{\"keys\":[]}' } ]"));

        Assert.Equal(expected, filters.Exists(f => f.TypedConfig.Is(HttpRbac.RBAC.Descriptor)));
        Assert.Equal(expected, filters.Exists(f => f.TypedConfig.Is(JwtAuthentication.Descriptor)));
    }

    [Fact]
    public void A_policy_at_a_Gateway_is_for_no_sidecar()
    {
        var yaml = $"{Mesh}{Policy("AuthorizationPolicy", "app", "rules: [ {} ]")}";

        Assert.DoesNotContain(
            TestMesh.With(yaml).For("app", "app=b").Manager(8080).HttpFilters, f => f.TypedConfig.Is(HttpRbac.RBAC.Descriptor));
    }

    private static List<HttpFilter> Filters(string ns, string gateway, string policies)
    {
        var proxy = TestMesh.Scope(ns, $"app=edge,gateway.networking.k8s.io/gateway-name={gateway}") with { Mode = ProxyMode.Gateway };
        var listener = TestMesh.With(Mesh + policies).For(proxy).Listener("0.0.0.0_80");
        return [.. listener.FilterChains[0].Filters[^1].TypedConfig.Unpack<HttpConnectionManager>().HttpFilters];
    }

    private static string Policy(string kind, string ns, string spec) => $$"""

        ---
        kind: {{kind}}
        apiVersion: security.istio.io/v1
        metadata: { name: p, namespace: {{ns}} }
        spec: { targetRefs: [ { group: gateway.networking.k8s.io, kind: Gateway, name: edge } ], {{spec}} }
        """;
}
