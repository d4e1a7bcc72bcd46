using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Explanations;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>What is told of the lanes of a request.</summary>
public sealed class LaneExplainerTests
{
    private const string Next =
        "{apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: next, namespace: app}, spec: {labels: {version: v2}, match: [{headers: {x-next: {}}}]}}";

    private const string Strict =
        "{apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: own, namespace: app}, spec: {labels: {version: v9}, fallback: REFUSE}}";

    [Theory]
    [InlineData("", "", LaneCause.Outside, "Base", "app/b-1", "is in no lane: its baggage has no mesh.lane, and it meets no match")]
    [InlineData("baggage", "mesh.lane=next", LaneCause.Marked, "Lane", "app/b-2", "is in lane next: its baggage says mesh.lane=next")]
    [InlineData("baggage", "mesh.lane=white", LaneCause.MarkedOtherwise, "Base", "app/b-1", "is in no lane: its baggage has another mesh.lane than the lanes that cover the service")]
    [InlineData("x-next", "1", LaneCause.Entered, "Lane", "app/b-2", "is in lane next: it has no mark and meets match[0]; it is marked from here on")]
    public void Which_lane_it_is_in_and_why(string name, string value, LaneCause cause, string server, string workload, string reason)
    {
        var told = name.Length == 0 ? ExplainedMesh.With(Next).Ask("b") : ExplainedMesh.With(Next).Ask("b", "/", (name, value));

        var cluster = Assert.Single(told.Clusters);
        Assert.Equal((cause, server, reason), (cluster.Lane!.Cause, $"{cluster.Lane.ServedBy}", cluster.Lane.Reason));
        Assert.Equal([workload], cluster.Inbound.SelectMany(i => i.Workloads));
        Assert.Equal(1, cluster.Endpoints!.Healthy);
    }

    [Fact]
    public void A_service_without_anybody_of_the_lane_is_told_to_fall_back()
    {
        var told = ExplainedMesh.With(Next).Where("app/b-2", WorkloadHealth.Unhealthy).Ask("b", "/", ("baggage", "mesh.lane=next"));

        var cluster = Assert.Single(told.Clusters);
        Assert.Equal(("next", LaneServer.Base), (cluster.Lane!.Name, cluster.Lane.ServedBy));
        Assert.Contains("falls back to base", cluster.Lane.Reason, StringComparison.Ordinal);
        Assert.Equal(["app/b-1"], cluster.Inbound.SelectMany(i => i.Workloads));
    }

    [Fact]
    public void A_lane_that_refuses_is_told_to_be_the_reason()
    {
        var told = ExplainedMesh.With(Strict).Ask("b", "/", ("baggage", "mesh.lane=own"));

        Assert.Equal((503, OutcomeKind.NoHealthyUpstream), (told.Verdict.Status, told.Verdict.Outcome));
        Assert.Contains("is in lane own, which has no member here that can be used and refuses", told.Verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_whose_members_are_all_of_lanes_serves_nobody_else()
    {
        const string All = "{apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: all, namespace: app}, spec: {labels: {app: b}}}";

        var told = ExplainedMesh.With(All).Ask("b");

        Assert.Equal((503, LaneServer.Nobody), (told.Verdict.Status, Assert.Single(told.Clusters).Lane!.ServedBy));
        Assert.Contains("all members are of lanes", told.Verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mark_that_a_request_is_given_is_seen_where_it_arrives()
    {
        const string Guard = "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: DENY, rules: [{when: [{key: 'request.headers[baggage]', values: ['mesh.lane=next*']}]}]}}";

        Assert.Equal(403, ExplainedMesh.With($"{Next}\n---\n{Guard}").Ask("b", "/", ("x-next", "1")).Verdict.Status);
        Assert.Equal(200, ExplainedMesh.With($"{Next}\n---\n{Guard}").Ask("b").Verdict.Status);
    }

    [Fact]
    public void Without_lanes_nothing_is_told_of_them() =>
        Assert.Null(Assert.Single(ExplainedMesh.With().Ask("b", "/", ("baggage", "mesh.lane=next")).Clusters).Lane);
}
