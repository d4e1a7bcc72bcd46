using System.Collections.Immutable;
using MeshOrleans.Model.Analysis;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Routing;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Tests.Analysis;

public sealed class RouteAnalysisTests
{
    [Fact]
    public void Two_for_one_host_are_told_on_both_with_the_one_that_holds()
    {
        var found = RouteAnalysis.Of([Service("second", created: 2), Service("first", created: 1)]);

        Assert.Equal(
            [("VirtualService/app/first", "IST0109"), ("VirtualService/app/second", "IST0109")],
            found.Select(f => (f.Resource.ToString(), f.Violation.Code)));
        Assert.All(found, f => Assert.Equal(("spec.hosts[0]", Severity.Error), (f.Violation.Path.Text, f.Violation.Severity)));
        Assert.Contains("app/first,app/second", found[0].Violation.Message);
        Assert.Contains("this one holds", found[0].Violation.Message);
        Assert.Contains("app/first holds", found[1].Violation.Message);
        Assert.All(found, f => Assert.Equal(2, f.Involved.Length));
    }

    [Fact]
    public void The_private_one_holds_whatever_the_age()
    {
        var found = RouteAnalysis.Of([Service("old", created: 1), Service("new", created: 2, exportTo: ["."])]);

        Assert.Contains("app/new holds", Assert.Single(found, f => f.Resource.Name == "old").Violation.Message);
    }

    [Fact]
    public void Those_that_no_client_sees_together_do_not_conflict()
    {
        var one = Service("one", hosts: ["x.example"], exportTo: ["."]);
        var other = Service("other", "other", hosts: ["x.example"], exportTo: ["."]);

        Assert.Empty(RouteAnalysis.Of([one, other]));
        Assert.Equal(2, RouteAnalysis.Of([one, Service("third", "other", hosts: ["x.example"], exportTo: ["app"])]).Length);
    }

    [Fact]
    public void Other_hosts_gateways_and_wildcards_are_no_conflict()
    {
        Assert.Empty(RouteAnalysis.Of(
        [
            Service("one"), Service("elsewhere", "other"), Service("wild", hosts: ["*.app.svc.cluster.local"]),
            Service("gateway", gateways: ["istio-system/gw"]), Service("delegate", hosts: []),
        ]));
    }

    [Fact]
    public void Those_that_both_ask_to_be_merged_do_not_conflict_and_one_alone_does()
    {
        var merged = Service("one") with { Labels = ImmutableSortedDictionary<string, string>.Empty.Add(RouteMerging.Key, "true") };
        var too = Service("two") with { Annotations = ImmutableSortedDictionary<string, string>.Empty.Add(RouteMerging.Key, "true") };

        Assert.Empty(RouteAnalysis.Of([merged, too]));
        Assert.Equal(2, RouteAnalysis.Of([merged, Service("plain")]).Length);
    }

    [Theory]
    [InlineData("child", "", "IST0101", "\"app/child\"")]
    [InlineData("one", "", "IST0101", "\"app/one\"")]
    [InlineData("hidden", "other", "IST0101", "not exported to namespace app")]
    [InlineData("seen", "other", "MSH2003", "http[1] of delegate other/seen")]
    public void A_delegate_that_cannot_be_followed_is_told_at_the_entry_that_names_it(
        string name, string ns, string code, string text)
    {
        var root = Service("root", hosts: ["r"], http:
        [
            new HttpRoute(),
            new HttpRoute { Match = [Under("/api")], Delegate = new HttpDelegate(name, ns) },
        ]);
        HttpRoute[] routes = [new() { Match = [Under("/api/v2")] }, new() { Match = [Under("/else")] }];

        var found = Assert.Single(RouteAnalysis.Of(
        [
            root, Service("one"), Service("hidden", "other", hosts: [], exportTo: ["."]),
            Service("seen", "other", hosts: [], http: routes),
        ]));

        Assert.Equal(("VirtualService/app/root", code), (found.Resource.ToString(), found.Violation.Code));
        Assert.Equal("spec.http[1].delegate", found.Violation.Path.Text);
        Assert.Contains(text, found.Violation.Message);
    }

    private static HttpMatch Under(string prefix) => new() { Uri = StringMatch.Prefix(prefix) };

    private static ConfigResource Service(
        string name,
        string ns = "app",
        string[]? hosts = null,
        string[]? exportTo = null,
        string[]? gateways = null,
        HttpRoute[]? http = null,
        long created = 1) => new()
    {
        Key = new ConfigKey("VirtualService", ns, name),
        Spec = new VirtualService
        {
            Hosts = [.. hosts ?? ["b"]],
            ExportTo = [.. exportTo ?? []],
            Gateways = [.. gateways ?? []],
            Http = [.. http ?? [new HttpRoute()]],
        },
        CreatedRevision = created,
    };
}
