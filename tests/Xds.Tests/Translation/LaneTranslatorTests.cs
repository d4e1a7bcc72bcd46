using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.HeaderMetadata;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Lanes;
using MeshOrleans.Xds.Tests.Translation.Edge;
using MeshOrleans.Xds.Translation.Scopes;
using SelectorFallback =
    MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbSubsetConfig.Types.LbSubsetSelector.Types.LbSubsetSelectorFallbackPolicy;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>The kind Lane: which services it covers, who is of it, and what each kind of proxy is told.</summary>
public sealed class LaneTranslatorTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private const string C = "outbound|80||c.other.svc.cluster.local";
    private const string Marks = "lane.next=next";
    private const string Base = "lane=base";

    private const string Rule = """
        kind: DestinationRule
        apiVersion: networking.istio.io/v1
        metadata: { name: b, namespace: app }
        spec: { host: b, subsets: [ { name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } } ] }
        """;

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
    public void A_lane_is_a_subset_of_endpoints_and_who_is_in_none_is_the_default(ProxyMode mode)
    {
        var scope = mode is ProxyMode.Gateway ? EdgeMesh.Gateway : TestMesh.Of(TestMesh.Scope("app", "app=a"), mode);
        var told = TestMesh.With(Lane("next", "labels: { version: v2 }")).For(scope);

        var subsets = told.Cluster(B).LbSubsetConfig;
        Assert.Equal(Cluster.Types.LbSubsetConfig.Types.LbSubsetFallbackPolicy.DefaultSubset, subsets.FallbackPolicy);
        Assert.Equal("base", Assert.Single(subsets.DefaultSubset.Fields, f => f.Key == "lane").Value.StringValue);
        var selector = Assert.Single(subsets.SubsetSelectors);
        Assert.Equal((SelectorFallback.NotDefined, "lane.next"), (selector.FallbackPolicy, Assert.Single(selector.Keys)));
        Assert.Equal([$"10.0.0.2 {Base}", $"10.0.0.3 {Marks}"], MarksOf(told, B));
    }

    [Fact]
    public void Without_lanes_nothing_is_said_of_them()
    {
        var told = TestMesh.With(Lane("next", "labels: { version: v2 }")).For();

        Assert.Null(told.Cluster(C).LbSubsetConfig); // of another namespace
        Assert.All(MarksOf(told, C), marks => Assert.Equal("10.0.0.4 ", marks));
        Assert.Null(TestMesh.With(Rule).For().Cluster(B).LbSubsetConfig);
    }

    [Theory]
    [InlineData("app", "labels: { app: c }, hosts: [ c.other.svc.cluster.local ]", false)]
    [InlineData("other", "labels: { app: c }", true)]
    [InlineData("other", "labels: { app: c }, hosts: [ c ]", true)]
    [InlineData("other", "labels: { app: c }, hosts: [ d ]", false)]
    [InlineData("istio-system", "labels: { app: c }", true)]
    [InlineData("istio-system", "labels: { app: c }, hosts: [ c.other.svc.cluster.local ]", true)]
    [InlineData("istio-system", "labels: { app: c }, hosts: [ b.app.svc.cluster.local ]", false)]
    public void Services_of_other_namespaces_are_covered_from_the_root_namespace_only(string ns, string spec, bool covers) =>
        Assert.Equal(covers, TestMesh.With(Lane("next", spec, ns)).For().Cluster(C).LbSubsetConfig is not null);

    [Fact]
    public void Of_two_lanes_of_one_name_that_of_the_services_namespace_counts()
    {
        var told = TestMesh.With($"""
            {Lane("next", "labels: { version: v1 }", "istio-system")}
            ---
            {Lane("next", "labels: { version: v2 }")}
            """).For();

        Assert.Single(told.Cluster(B).LbSubsetConfig.SubsetSelectors);
        Assert.Equal([$"10.0.0.2 {Base}", $"10.0.0.3 {Marks}"], MarksOf(told, B));
    }

    [Fact]
    public void An_endpoint_may_be_of_several_lanes_and_each_has_its_own_fallback()
    {
        var told = TestMesh.With($"""
            {Lane("own", "labels: { app: b, version: v2 }, fallback: REFUSE")}
            ---
            {Lane("next", "labels: { version: v2 }")}
            """).For();

        Assert.Equal(
            ["lane.next NotDefined", "lane.own NoFallback"],
            told.Cluster(B).LbSubsetConfig.SubsetSelectors.Select(s => $"{s.Keys[0]} {s.FallbackPolicy}"));
        Assert.Equal([$"10.0.0.2 {Base}", $"10.0.0.3 {Marks} lane.own=own"], MarksOf(told, B));
    }

    [Fact]
    public void Who_leaves_has_no_mark_so_that_nobody_waits_for_a_subset_of_nobody_else()
    {
        var leaving = TestMesh.Workload("app", "b-2", "10.0.0.3", "app=b,version=v2") with { Health = WorkloadHealth.Draining };

        var told = TestMesh.With(Lane("next", "labels: { version: v2 }")).And(leaving).For();

        Assert.Equal([$"10.0.0.2 {Base}", "10.0.0.3 "], MarksOf(told, B));
    }

    [Fact]
    public void A_subset_narrows_a_lane_that_has_somebody_in_it_and_gives_way_to_one_that_has_not()
    {
        var both = TestMesh.Workload("app", "b-3", "10.0.0.9", "app=b,version=v1,lane=x");
        var mesh = TestMesh.With($"{Rule}\n---\n{Lane("next", "labels: { lane: x }")}").And(
            both, TestMesh.Workload("app", "b-4", "10.0.0.8", "app=b,version=v3,lane=x"));

        Assert.Equal([$"10.0.0.2 {Base}", $"10.0.0.9 {Marks}"], MarksOf(mesh.For(), Subset("v1")));
        Assert.Equal([$"10.0.0.3 {Base}", $"10.0.0.8 {Marks}", $"10.0.0.9 {Marks}"], MarksOf(mesh.For(), Subset("v2")));
        Assert.Equal(
            [$"10.0.0.2 {Base}", $"10.0.0.8 {Marks}"],
            MarksOf(mesh.And(both with { Health = WorkloadHealth.Unhealthy }).For(), Subset("v1")));
    }

    [Theory]
    [InlineData(ProxyMode.Sidecar, true)]
    [InlineData(ProxyMode.Gateway, true)]
    [InlineData(ProxyMode.Envoy, false)]
    public void How_requests_enter_is_told_to_our_own_proxies(ProxyMode mode, bool isTold)
    {
        var scope = mode is ProxyMode.Gateway ? EdgeMesh.Gateway : TestMesh.Of(TestMesh.Scope("app", "app=a"), mode);
        var cluster = TestMesh.With(Lane("next", "labels: { version: v2 }, match: [ { headers: { x: { exact: y } } } ]"))
            .For(scope).Cluster(B);

        var entries = cluster.Metadata?.TypedFilterMetadata.GetValueOrDefault(MeshMetadata.Filter)?.Unpack<LaneEntries>();

        Assert.Equal(isTold, entries is not null);
        if (!isTold) return;
        var lane = Assert.Single(entries!.Lanes);
        Assert.Equal(("next", "x", "y"), (lane.Name, lane.Matches[0].Headers[0].Name, lane.Matches[0].Headers[0].StringMatch.Exact));
    }

    [Fact]
    public void A_stock_Envoy_reads_the_mark_by_a_filter_before_its_router()
    {
        const string Two = "outbound|7070||c.other.svc.cluster.local";
        var told = TestMesh.With($"""
            {Lane("next", "labels: { version: v2 }")}
            ---
            {Lane("one.two".Replace('.', '-'), "labels: { app: c }", "other")}
            """).For(TestMesh.Envoy());

        var manager = told.Listener("0.0.0.0_80").FilterChains[0].Filters[^1].TypedConfig.Unpack<HttpConnectionManager>();
        var filter = manager.HttpFilters[^2];
        var rules = filter.TypedConfig.Unpack<Config>().RequestRules;
        Assert.Equal(("envoy.filters.http.header_to_metadata", true), (filter.Name, filter.IsOptional));
        Assert.Equal(
            ["baggage envoy.lb lane.next", "baggage envoy.lb lane.one-two"],
            rules.Select(r => $"{r.Header} {r.OnHeaderPresent.MetadataNamespace} {r.OnHeaderPresent.Key}"));
        Assert.NotNull(told.Cluster(Two).LbSubsetConfig);
    }

    [Theory]
    [InlineData("mesh.lane=next", "next")]
    [InlineData("a=b , mesh.lane\t= next ;p=1,c=d", "next")]
    [InlineData("mesh.lane=next2", "")]
    [InlineData("a=b;mesh.lane=next", "")]
    [InlineData("meshxlane=next", "")]
    [InlineData("a=b", "")]
    public void The_filter_leaves_nothing_of_a_header_without_the_mark(string header, string expected)
    {
        var told = TestMesh.With(Lane("next", "labels: { version: v2 }")).For(TestMesh.Envoy());
        var manager = told.Listener("0.0.0.0_80").FilterChains[0].Filters[^1].TypedConfig.Unpack<HttpConnectionManager>();
        var rewrite = manager.HttpFilters[^2].TypedConfig.Unpack<Config>().RequestRules[0].OnHeaderPresent.RegexValueRewrite;

        Assert.Equal(
            expected,
            new System.Text.RegularExpressions.Regex(rewrite.Pattern.Regex).Replace(
                header, rewrite.Substitution.Replace(@"\1", "$1", StringComparison.Ordinal), 1));
    }

    [Fact]
    public void A_gRPC_program_is_told_of_nobody_in_a_lane()
    {
        var told = TestMesh.With($"{Rule}\n---\n{Lane("next", "labels: { version: v2 }")}").For(TestMesh.Proxyless());

        Assert.Null(told.Cluster(B).LbSubsetConfig);
        Assert.Equal(["10.0.0.2 "], MarksOf(told, B));
        Assert.Equal(["10.0.0.2 "], MarksOf(told, Subset("v1")));
        Assert.Empty(MarksOf(told, Subset("v2")));
    }

    private static string Subset(string name) => $"outbound|80|{name}|b.app.svc.cluster.local";

    private static IEnumerable<string> MarksOf(Translated told, string cluster) => told.Endpoints(cluster).Endpoints
        .SelectMany(group => group.LbEndpoints)
        .Select(e => $"{e.Endpoint.Address.SocketAddress.Address} "
            + string.Join(' ', (e.Metadata.FilterMetadata.GetValueOrDefault("envoy.lb")?.Fields ?? []).Select(f => $"{f.Key}={f.Value.StringValue}").Order(StringComparer.Ordinal)))
        .Order(StringComparer.Ordinal);

    private static string Lane(string name, string spec, string ns = "app") =>
        $"{{ apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {{ name: {name}, namespace: {ns} }}, spec: {{ {spec} }} }}";
}
