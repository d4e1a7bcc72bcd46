using MeshOrleans.Model.Config;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class LaneRulesTests
{
    [Theory]
    [InlineData("{ labels: { lane: canary } }")]
    [InlineData("{ labels: { lane: canary, tier: web }, hosts: [ b, c.app.svc.cluster.local, api.example.com ], fallback: BASE }")]
    [InlineData("{ labels: { version: v2 }, fallback: REFUSE, match: [ { headers: { x: { exact: y } } }, { headers: { cookie: { regex: \"a=.*\" } }, authority: { prefix: dev. } }, { uri: { prefix: /beta }, ignoreUriCase: true, method: { exact: GET } }, { withoutHeaders: { x: {} } }, { queryParams: { lane: { exact: canary } } } ] }")]
    public void A_lane_is_accepted(string spec) => RuleTable.Accepts("Lane", spec);

    [Theory]
    [InlineData("{}", "labels", "labels must have at least one element")]
    [InlineData("{ labels: {} }", "labels", "labels must have at least one element")]
    [InlineData("{ labels: { \"a b\": c } }", "labels", "invalid tag key")]
    [InlineData("{ labels: { lane: \"a b\" } }", "labels.lane", "invalid tag value")]
    [InlineData("{ labels: { lane: a }, hosts: [ \"*.app\" ] }", "hosts[0]", "invalid")]
    [InlineData("{ labels: { lane: a }, hosts: [ b, \"\" ] }", "hosts[1]", "domain name cannot be empty")]
    [InlineData("{ labels: { lane: a }, hosts: [ b, B ] }", "hosts[1]", "duplicate host")]
    [InlineData("{ labels: { lane: a }, match: [ {} ] }", "match[0]", "takes every request")]
    [InlineData("{ labels: { lane: a }, match: [ { uri: { prefix: / } } ] }", "match[0]", "takes every request")]
    [InlineData("{ labels: { lane: a }, match: [ { headers: { x: { regex: \"(\" } } } ] }", "match[0].headers.x.regex", "RE2")]
    [InlineData("{ labels: { lane: a }, match: [ { headers: { \"@request.auth.claims.sub\": { exact: a } } } ] }", "match[0].headers.@request.auth.claims.sub", "only supported for gateway")]
    [InlineData("{ labels: { lane: a }, match: [ { uri: { exact: /a, prefix: /b } } ] }", "match[0].uri", "only one of exact, prefix and regex")]
    [InlineData("{ labels: { lane: a }, match: [ { sourceLabels: { app: a } } ] }", "match[0].sourceLabels", "unknown field \"sourceLabels\"")]
    [InlineData("{ labels: { lane: a }, fallback: Never }", "fallback", "is none of BASE, REFUSE")]
    [InlineData("{ labels: { lane: a }, host: b }", "host", "did you mean")]
    [InlineData("{ labels: { lane: a }, exportTo: [ \".\" ] }", "exportTo", "unknown field \"exportTo\"")]
    public void A_lane_that_cannot_be_one_is_refused_by_field(string spec, string path, string message) =>
        RuleTable.Refuses("Lane", spec, path, message);

    [Theory]
    [InlineData("canary", true)]
    [InlineData("team-1", true)]
    [InlineData("team.a", false)]
    [InlineData("a23456789012345678901234567890123456789012345678901234567890123", true)]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234", false)]
    public void Its_name_is_a_label(string name, bool isOne)
    {
        var text = $"apiVersion: mesh.orleans.io/v1\nkind: Lane\nmetadata: {{ name: {name}, namespace: app }}\nspec: {{ labels: {{ lane: a }} }}\n";

        var found = ManifestReader.Read("row.yaml", text).Validated().Violations;

        Assert.Equal(isOne ? [] : ["metadata.name 3"], found.Select(v => $"{v.Path} {v.Line}"));
    }

    [Fact]
    public void All_that_it_says_is_read()
    {
        var manifest = RuleTable.Read(
            "Lane", "{ labels: { lane: a }, hosts: [ b ], fallback: REFUSE, match: [ { headers: { X-Lane: { exact: a } }, authority: { exact: b } } ] }");

        var lane = Assert.IsType<Lane>(Assert.Single(manifest.Resources).Resource.Spec);
        Assert.Equal(("a", "b", LaneFallback.Refuse), (lane.Labels["lane"], Assert.Single(lane.Hosts), lane.Fallback));
        var match = Assert.Single(lane.Match);
        Assert.Equal((StringMatch.Exact("a"), StringMatch.Exact("b")), (match.Headers["x-lane"], match.Authority));
    }
}
