using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Istio;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class NameTableTests
{
    private const string Services = """
        kind: Service
        apiVersion: v1
        metadata: { name: vip, namespace: app }
        spec: { clusterIP: 10.96.0.1, selector: { app: b }, ports: [ { port: 80, name: http } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: db, namespace: app }
        spec: { clusterIP: None, selector: { app: b }, ports: [ { port: 5432, name: tcp } ] }
        ---
        kind: ServiceEntry
        apiVersion: networking.istio.io/v1
        metadata: { name: out, namespace: app }
        spec: { hosts: [ shop.example, "*.shop.example" ], resolution: NONE, addresses: [ 198.51.100.7, 203.0.113.0/24 ], ports: [ { number: 443, name: https, protocol: HTTPS } ] }
        ---
        kind: ServiceEntry
        apiVersion: networking.istio.io/v1
        metadata: { name: dns, namespace: app }
        spec: { hosts: [ dns.example ], resolution: DNS, ports: [ { number: 443, name: https, protocol: HTTPS } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: stats, namespace: app }
        spec: { selector: { app: b }, ports: [ { port: 8125, name: udp, protocol: UDP } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: hidden, namespace: other, annotations: { networking.istio.io/exportTo: "." } }
        spec: { clusterIP: 10.96.0.9, ports: [ { port: 80, name: http } ] }
        """;

    private static readonly TestMesh Mesh = TestMesh.With(Services);

    [Fact]
    public void Names_lead_to_virtual_addresses_or_else_to_members()
    {
        var table = Table(Mesh);

        Assert.Equal(
            [
                "a.app.svc.cluster.local=10.0.0.1", "b-1.db.app.svc.cluster.local=10.0.0.2", "b-2.db.app.svc.cluster.local=10.0.0.3",
                "b.app.svc.cluster.local=10.0.0.2,10.0.0.3", "c.other.svc.cluster.local=10.0.0.4", "db.app.svc.cluster.local=10.0.0.2,10.0.0.3",
                "shop.example=198.51.100.7", "stats.app.svc.cluster.local=10.0.0.2,10.0.0.3", "vip.app.svc.cluster.local=10.96.0.1",
            ],
            table.Table.Select(e => $"{e.Key}={string.Join(',', e.Value.Ips)}"));
        var info = table.Table["vip.app.svc.cluster.local"];
        Assert.Equal(("Kubernetes", "vip", "app"), (info.Registry, info.Shortname, info.Namespace));
        Assert.Equal(("External", "", ""), (table.Table["shop.example"].Registry, table.Table["shop.example"].Shortname, table.Table["shop.example"].Namespace));
    }

    [Fact]
    public void Who_may_not_be_sent_traffic_is_not_named()
    {
        var table = Table(Mesh.And(TestMesh.Workloads[1] with { Health = WorkloadHealth.Unhealthy }));

        Assert.Equal(["10.0.0.3"], table.Table["b.app.svc.cluster.local"].Ips);
        Assert.False(table.Table.ContainsKey("b-1.db.app.svc.cluster.local"));
    }

    [Fact]
    public void What_leaves_the_names_as_they_are_leaves_the_version()
    {
        var other = Mesh.And(TestMesh.Workloads[1] with { Weight = 7 }, TestMesh.Workload("app", "x", "10.7.7.7", "app=x"));

        Assert.Equal(Translate(Mesh).Names.VersionInfo, Translate(other).Names.VersionInfo);
        Assert.NotEqual(
            Translate(Mesh).Names.VersionInfo,
            Translate(Mesh.And(TestMesh.Workload("app", "b-3", "10.7.7.7", "app=b"))).Names.VersionInfo);
    }

    [Fact]
    public void Members_of_what_is_called_through_no_cluster_make_a_set_of_its_own_to_look_at()
    {
        const string Stats = """
            kind: Service
            apiVersion: v1
            metadata: { name: stats, namespace: app }
            spec: { selector: { app: s }, ports: [ { port: 8125, name: udp, protocol: UDP } ] }
            """;
        var mesh = TestMesh.Of(Stats, []);
        var before = Translate(mesh);
        Assert.Empty(Read(before).Table); // somebody follows it
        var next = mesh.And(TestMesh.Workload("app", "s-1", "10.0.0.1", "app=s")).Snapshot;

        var after = before.After(MeshIndex.Of(mesh.Snapshot).After(next, MeshChange.Of("workload/app/s-1")));

        Assert.NotSame(before.Resources, after.Resources);
        Assert.Equal(["10.0.0.1"], Read(after).Table["stats.app.svc.cluster.local"].Ips);
    }

    private static NameTable Table(TestMesh mesh) => Read(Translate(mesh));

    private static NameTable Read(ScopeTranslation translation) =>
        Assert.Single(translation.Names.Resources).ToAny().Unpack<NameTable>();

    private static ScopeTranslation Translate(TestMesh mesh) =>
        ScopeTranslation.Of(MeshIndex.Of(mesh.Snapshot), TestMesh.Scope("app", "app=a"));
}
