using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>Of whom a server must be one: what members do must leave it as it is, and it is never everybody.</summary>
public sealed class PeerNameTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";
    private const string BySelf = "spiffe://cluster.local/ns/app/sa/b";

    private const string Group = """
        kind: WorkloadGroup
        apiVersion: networking.istio.io/v1
        metadata: { name: b, namespace: app }
        spec: { metadata: { labels: { app: b } }, template: { serviceAccount: b } }
        """;

    private const string Deployment = """
        kind: Deployment
        apiVersion: apps/v1
        metadata: { name: b, namespace: app }
        spec:
          selector: { matchLabels: { app: b } }
          template:
            metadata: { labels: { app: b, version: v3 } }
            spec: { serviceAccountName: b, containers: [ { name: b, image: b } ] }
        """;

    private const string Annotated = """
        kind: Service
        apiVersion: v1
        metadata: { name: b, namespace: app, annotations: { alpha.istio.io/kubernetes-serviceaccounts: "b, other-b" } }
        spec: { selector: { app: b }, ports: [ { port: 80, name: http, targetPort: 8080 } ] }
        """;

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Envoy)]
    public void A_service_that_nobody_runs_and_nothing_speaks_of_is_run_by_nobody(ProxyMode mode) =>
        Assert.Equal(["spiffe://cluster.local/nobody"], Names(TestMesh.Of(TestMesh.Services, []), mode));

    [Theory]
    [InlineData(Group)]
    [InlineData(Deployment)]
    public void Templates_of_its_workloads_say_who_will_run_it(string template)
    {
        Assert.Equal([BySelf], Names(TestMesh.Of(TestMesh.Services + "\n---\n" + template, [])));
        Assert.Equal(
            ["spiffe://cluster.local/nobody"], Names(TestMesh.Of(TestMesh.Services + "\n---\n" + template.Replace("app: b", "app: x", StringComparison.Ordinal), [])));
        Assert.Equal(
            ["spiffe://cluster.local/nobody"], Names(TestMesh.Of(TestMesh.Services + "\n---\n" + template.Replace("namespace: app", "namespace: other", StringComparison.Ordinal), [])));
    }

    [Fact]
    public void A_Service_can_say_it_itself() =>
        Assert.Equal([BySelf, "spiffe://cluster.local/ns/app/sa/other-b"], Names(TestMesh.Of(Annotated, [])));

    [Theory]
    [InlineData(Group)]
    [InlineData(Deployment)]
    public void The_first_member_and_the_last_change_endpoints_only_where_the_account_is_named(string template)
    {
        var empty = TestMesh.Of(TestMesh.Services + "\n---\n" + template, TestMesh.Workloads.Take(1));
        var before = ScopeTranslation.Of(MeshIndex.Of(empty.Snapshot), TestMesh.Scope("app", "app=a"));
        var full = empty.And(TestMesh.Workloads[1]);

        var with = before.After(MeshIndex.Of(empty.Snapshot).After(full.Snapshot, MeshChange.Of("workload/app/b-1")));
        var gone = full.Snapshot.Remove($"{SnapshotKey.Workload}app/b-1");
        var without = with.After(MeshIndex.Of(full.Snapshot).After(gone, MeshChange.Of("workload/app/b-1")));

        Assert.Same(before.Resources.Clusters, with.Resources.Clusters);
        Assert.NotSame(before.Resources.Endpoints, with.Resources.Endpoints);
        Assert.Same(with.Resources.Clusters, without.Resources.Clusters);
    }

    [Fact]
    public void A_member_that_fails_and_recovers_changes_endpoints_only()
    {
        var mesh = TestMesh.Of(TestMesh.Services, TestMesh.Workloads.Take(2));
        var before = ScopeTranslation.Of(MeshIndex.Of(mesh.Snapshot), TestMesh.Scope("app", "app=a"));
        var sick = mesh.And(TestMesh.Workloads[1] with { Health = WorkloadHealth.Unhealthy });

        var after = before.After(MeshIndex.Of(mesh.Snapshot).After(sick.Snapshot, MeshChange.Of("workload/app/b-1")));

        Assert.Same(before.Resources.Clusters, after.Resources.Clusters);
        Assert.NotSame(before.Resources.Endpoints, after.Resources.Endpoints);
    }

    [Fact]
    public void A_subset_is_known_by_the_accounts_of_the_whole_service()
    {
        var mesh = TestMesh.With("""
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: b, namespace: app }
            spec: { host: b, subsets: [ { name: v9, labels: { version: v9 } } ] }
            """);

        Assert.Equal([BySelf], Names(mesh, ProxyMode.Sidecar, "outbound|80|v9|b.app.svc.cluster.local"));
    }

    [Fact]
    public void What_is_reached_at_whatever_address_may_be_anybody_of_the_mesh()
    {
        var tls = TestMesh.With("""
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: any, namespace: app }
            spec: { hosts: [ any.example ], location: MESH_INTERNAL, resolution: NONE, ports: [ { number: 80, name: http, protocol: HTTP } ] }
            ---
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: any, namespace: app }
            spec: { host: any.example, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
            """).For().Cluster("outbound|80||any.example").TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>();

        Assert.Empty(tls.CommonTlsContext.CombinedValidationContext.DefaultValidationContext.MatchTypedSubjectAltNames);
    }

    private static IEnumerable<string> Names(TestMesh mesh, ProxyMode mode = ProxyMode.Sidecar, string cluster = B)
    {
        var got = mesh.For(TestMesh.Of(TestMesh.Scope("app", "app=a"), mode)).Cluster(cluster);
        var tls = got.TransportSocketMatches[0].TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>().CommonTlsContext;
        var validation = tls.CombinedValidationContext?.DefaultValidationContext ?? tls.ValidationContext;
        return validation.MatchTypedSubjectAltNames.Select(m => m.Matcher.Exact);
    }
}
