using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Multicluster.Federation;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Federation;

public sealed class ExportCatalogTests
{
    private const string Manifests = """
        {apiVersion: v1, kind: Service, metadata: {name: stock, namespace: shop}, spec: {selector: {app: stock}, ports: [{name: http, port: 80, targetPort: web}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: hidden, namespace: shop}, spec: {selector: {app: stock}, ports: [{name: http, port: 80, targetPort: web}]}}
        ---
        {apiVersion: mesh.orleans.io/v1, kind: ServiceExport, metadata: {name: stock, namespace: shop}, spec: {}}
        """;

    [Fact]
    public void Only_what_a_ServiceExport_names_is_exported()
    {
        var exports = ExportCatalog.Of(Mesh(Member("stock-1")));

        Assert.Equal(["shop/stock"], exports.Select(e => $"{e.Namespace}/{e.Name}"));
    }

    [Fact]
    public void Peers_dial_the_port_of_the_sidecar_under_the_services_own_port_number()
    {
        var service = Assert.Single(ExportCatalog.Of(Mesh(Member("stock-1"))));

        var port = Assert.Single(service.Ports);
        var endpoint = Assert.Single(service.Endpoints);
        Assert.Equal((80, 80), (port.Number, port.TargetPort));
        Assert.Equal(31000, endpoint.DialPort(port.TargetPort));
        Assert.Empty(endpoint.Ports);
    }

    [Fact]
    public void Members_that_peers_cannot_verify_or_use_are_left_out()
    {
        var mesh = Mesh(
            Member("plain") with { HasSidecar = false },
            Member("sick") with { Health = WorkloadHealth.Unhealthy },
            Member("foreign") with { Identity = SpiffeId.Parse("spiffe://elsewhere/ns/shop/sa/stock") },
            Member("nameless") with { Identity = null });

        Assert.Empty(Assert.Single(ExportCatalog.Of(mesh)).Endpoints);
    }

    [Fact]
    public void Members_of_lanes_are_left_out_as_peers_would_send_everybody_there()
    {
        const string Lane = "{apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: blue, namespace: shop}, spec: {labels: {lane: blue}}}";
        var blue = Member("blue-1") with { Labels = Member("blue-1").Labels.Add("lane", "blue") };
        var mesh = Mesh(Member("stock-1"), blue);
        var lane = ManifestReader.Read("lane.yaml", Lane, "shop").Resources[0].Resource;

        Assert.Equal(2, Assert.Single(ExportCatalog.Of(mesh)).Endpoints.Length);
        Assert.Equal(
            ["stock-1"],
            Assert.Single(ExportCatalog.Of(mesh with { Config = mesh.Config.Add(lane.Key, lane) })).Endpoints.Select(e => e.Name));
    }

    [Fact]
    public void Nothing_is_exported_before_the_mesh_has_a_root() =>
        Assert.Empty(ExportCatalog.Of(Mesh(Member("stock-1")) with { Bundles = ImmutableSortedDictionary<string, TrustBundle>.Empty }));

    private static Workload Member(string name) => new()
    {
        Namespace = "shop",
        Name = name,
        Address = "10.0.0.1",
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("web", 8080),
        InboundPorts = ImmutableSortedDictionary<int, int>.Empty.Add(8080, 31000),
        Labels = ImmutableSortedDictionary<string, string>.Empty.Add("app", "stock"),
        ServiceAccount = "stock",
        HasSidecar = true,
        Identity = SpiffeId.Parse("spiffe://cluster.local/ns/shop/sa/stock"),
    };

    private static MeshSnapshot Mesh(params Workload[] members)
    {
        var snapshot = MeshSnapshot.Empty;
        foreach (var resource in ManifestReader.Read("", Manifests).Resources)
        {
            snapshot = snapshot.Put(SnapshotKey.Config + resource.Resource.Key, ConfigJson.Write(resource.Resource));
        }

        foreach (var member in members)
        {
            snapshot = snapshot.Put($"{SnapshotKey.Workload}{member.Namespace}/{member.Name}", SnapshotPayload.Write(member));
        }

        var bundle = new TrustBundle(TrustDomain.Parse("cluster.local"), [], 1, IsLocal: true);
        return snapshot.Put(SnapshotKey.Trust + "cluster.local", SnapshotPayload.Write(bundle));
    }
}
