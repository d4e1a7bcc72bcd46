using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Limits;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class RateLimitTranslatorTests
{
    private const string Everywhere = """
        { kind: RateLimit, apiVersion: mesh.orleans.io/v1, metadata: { name: all, namespace: istio-system }, spec: { rules: [{ requests: 9, interval: 1m }] } }
        """;

    private const string OfA = """

        ---
        { kind: RateLimit, apiVersion: mesh.orleans.io/v1, metadata: { name: a }, spec: { selector: { matchLabels: { app: a } }, dryRun: true, rules: [{ to: [{ operation: { paths: ["/x*"] } }], requests: 5, interval: 2s, burst: 7, keys: [{ header: X-User }, { path: true }, { identity: true }] }] } }
        """;

    [Fact]
    public void A_workload_gets_the_limits_of_the_mesh_and_those_of_its_namespace_that_select_it()
    {
        var mesh = TestMesh.With(Everywhere + OfA);

        Assert.Equal(
            ["ns[app]-limit[a]-rule[0]", "ns[istio-system]-limit[all]-rule[0]"], Limits(mesh, "app", "app=a").Select(r => r.Name));
        Assert.Equal(["ns[istio-system]-limit[all]-rule[0]"], Limits(mesh, "app", "app=b").Select(r => r.Name));
        Assert.Equal(["ns[istio-system]-limit[all]-rule[0]"], Limits(mesh, "other", "app=c").Select(r => r.Name));
        Assert.Empty(Limits(TestMesh.With(""), "app", "app=a"));
    }

    [Fact]
    public void Everything_that_a_limit_says_is_said_to_the_sidecar()
    {
        var rule = Limits(TestMesh.With(Everywhere + OfA), "app", "app=a")[0];

        Assert.Equal((5u, 2.0, 7u, true), (rule.Requests, rule.Interval.ToTimeSpan().TotalSeconds, rule.Burst, rule.DryRun));
        Assert.Equal("/x", rule.Match.Permissions[0].UrlPath.Path.Prefix);
        Assert.Equal(["x-user"], rule.Keys.Where(k => k.HasHeader).Select(k => k.Header));
        Assert.Equal((1, 1), (rule.Keys.Count(k => k.HasPath), rule.Keys.Count(k => k.HasIdentity)));
    }

    [Fact]
    public void The_filter_comes_after_access_control_and_before_the_router_and_is_optional()
    {
        const string Deny = """

            ---
            { kind: AuthorizationPolicy, apiVersion: security.istio.io/v1, metadata: { name: d }, spec: { action: DENY, rules: [{ to: [{ operation: { paths: ["/no"] } }] }] } }
            """;

        var filters = TestMesh.With(Everywhere + Deny).For().Manager(8080).HttpFilters;

        Assert.Equal(
            ["envoy.filters.http.rbac", "mesh.filters.http.rate_limit", "envoy.filters.http.router"], filters.Select(f => f.Name));
        Assert.True(filters[1].IsOptional);
    }

    [Fact]
    public void A_stock_Envoy_is_not_sent_what_it_does_not_know()
    {
        var envoy = TestMesh.With(Everywhere).For(TestMesh.Envoy());

        var managers = envoy.Listener("virtualInbound").FilterChains
            .SelectMany(c => c.Filters)
            .Where(f => f.TypedConfig.Is(HttpConnectionManager.Descriptor))
            .Select(f => f.TypedConfig.Unpack<HttpConnectionManager>());

        Assert.All(managers, m => Assert.DoesNotContain(m.HttpFilters, f => f.Name == "mesh.filters.http.rate_limit"));
    }

    private static List<RateLimit.Types.Rule> Limits(TestMesh mesh, string ns, string labels) =>
        mesh.For(ns, labels).Manager(8080).HttpFilters
            .Where(f => f.TypedConfig.Is(RateLimit.Descriptor))
            .SelectMany(f => f.TypedConfig.Unpack<RateLimit>().Rules)
            .ToList();
}
