using Google.Protobuf.Collections;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>Several VirtualServices for one host (behaviour row 22, T15, and the opt-in of row 2.6).</summary>
public sealed class RouteMergingTests
{
    private const string Merge = ", labels: { mesh.orleans.io/merge: \"true\" }";

    [Fact]
    public void Where_both_ask_for_it_routes_are_merged_by_age_with_what_takes_everything_last()
    {
        var routes = Routes(
            ("z-first", Merge, "{ match: [{ uri: { prefix: /one } }], ROUTE(b) }, { ROUTE(b) }"),
            ("a-second", Merge, "{ match: [{ uri: { prefix: /two } }], ROUTE(a) }, { ROUTE(a) }"));

        Assert.Equal([("/one", "b"), ("/two", "a"), ("/", "b")], routes.Select(r => (r.Match.Prefix, Target(r))));
    }

    [Theory]
    [InlineData(Merge, "")]
    [InlineData("", Merge)]
    [InlineData("", "")]
    public void Without_both_asking_the_oldest_counts_alone(string first, string second)
    {
        var routes = Routes(
            ("z-first", first, "{ match: [{ uri: { prefix: /one } }], ROUTE(b) }"),
            ("a-second", second, "{ ROUTE(a) }"));

        Assert.Equal("/one", Assert.Single(routes).Match.Prefix);
    }

    [Fact]
    public void A_catch_all_that_is_older_does_not_hide_the_others()
    {
        var routes = Routes(
            ("first", Merge, "{ ROUTE(a) }"), ("second", Merge, "{ match: [{ uri: { prefix: /one } }], ROUTE(b) }"));

        Assert.Equal([("/one", "b"), ("/", "a")], routes.Select(r => (r.Match.Prefix, Target(r))));
    }

    [Fact]
    public void Short_names_stay_those_of_the_namespace_that_wrote_them()
    {
        var yaml = Of("one", "", Merge, "b", "{ match: [{ uri: { prefix: /one } }], ROUTE(a) }") + "\n---\n"
            + Of("two", ", namespace: other", Merge, "b.app.svc.cluster.local", "{ ROUTE(c) }");

        var routes = TestMesh.With(yaml).For().RoutesOfB;

        Assert.Equal(
            ["outbound|80||a.app.svc.cluster.local", "outbound|80||c.other.svc.cluster.local"],
            routes.Select(r => r.Route_.Cluster));
    }

    [Fact]
    public void The_most_specific_wildcard_counts_and_an_exact_name_before_it()
    {
        var mesh = TestMesh.With(string.Join("\n---\n",
            Of("wide", "", "", "*.svc.cluster.local", "{ ROUTE(a) }"),
            Of("narrow", "", "", "*.app.svc.cluster.local", "{ match: [{ uri: { prefix: /n } }], ROUTE(a) }"),
            Of("exact", "", "", "a.app.svc.cluster.local", "{ match: [{ uri: { prefix: /e } }], ROUTE(a) }")));

        Assert.Equal("/n", mesh.For().RoutesOfB[0].Match.Prefix);
        Assert.Equal("/e", mesh.For().Host("a.app.svc.cluster.local").Routes[0].Match.Prefix);
        Assert.Equal("/", mesh.For().Host("c.other.svc.cluster.local").Routes[0].Match.Prefix);
    }

    private static string Target(Route route) => route.Route_.Cluster["outbound|80||".Length..].Split('.')[0];

    private static RepeatedField<Route> Routes(params (string Name, string Labels, string Http)[] services) =>
        TestMesh.With(string.Join("\n---\n", services.Select(s => Of(s.Name, "", s.Labels, "b", s.Http)))).For().RoutesOfB;

    private static string Of(string name, string ns, string labels, string host, string http) =>
        $$"""
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: {{name}}{{ns}}{{labels}} }
        spec: { hosts: ["{{host}}"], http: [{{http.Replace("ROUTE(a)", To("a")).Replace("ROUTE(b)", To("b")).Replace("ROUTE(c)", To("c"))}}] }
        """;

    private static string To(string host) => $"route: [{{ destination: {{ host: {host} }} }}]";
}
