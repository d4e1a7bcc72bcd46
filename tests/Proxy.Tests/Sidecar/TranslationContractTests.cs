using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>What the control plane makes of the samples (its golden files) must be what this sidecar reads.</summary>
public sealed class TranslationContractTests
{
    public static TheoryData<string> Samples =>
        [.. Directory.GetFiles(Golden(), "*.json").Select(
            f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_translated_sample_becomes_a_whole_model(string sample)
    {
        using var holder = new ModelHolder(ProxyModel.Empty, new ManualTimeProvider(), new ListLogger<ModelHolder>());
        var resources = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden(), sample + ".json")))!.AsObject();

        string[] types =
            [TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener, TypeUrls.RouteConfiguration];
        foreach (var type in types) Assert.Null(holder.Apply(Response(type, resources)));

        Assert.NotNull(holder.Model);
        Assert.Empty(holder.Status.Warming);
        Assert.NotEmpty(holder.Model.Outbound);
        Assert.NotEmpty(holder.Model.Inbound);
    }

    [Fact]
    public void What_a_sidecar_gets_of_ports_of_bytes_becomes_services_that_do_what_the_routes_say()
    {
        using var holder = new ModelHolder(ProxyModel.Empty, new ManualTimeProvider(), new ListLogger<ModelHolder>());
        var resources = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden(), "tcp/everything.json")))!.AsObject();
        string[] types =
            [TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener, TypeUrls.RouteConfiguration];
        foreach (var type in types) Assert.Null(holder.Apply(Response(type, resources)));

        var model = holder.Model!;
        var tcp = model.OutboundTcp;

        Assert.Same(tcp.Find("vip", 9000), tcp.Find("10.96.0.1", 9000));
        Assert.Same(tcp.Find("vip.app", 9000), tcp.Find("vip.app.svc.cluster.local", 9000));
        Assert.Null(tcp.Find("vip", 80));
        Assert.Equal(
            [90, 10], tcp.Find("vip", 9000)!.Choose(null, "", null)!.Clusters.Clusters.Select(c => c.Weight));
        Assert.True(tcp.Find("vip", 443)!.NeedsServerName);
        Assert.NotNull(tcp.Find("vip", 443)!.Choose(null, "vip.app.svc.cluster.local", null));
        Assert.Null(tcp.Find("vip", 443)!.Choose(null, "other", null));
        Assert.False(tcp.Find("shop.example", 443)!.NeedsServerName);
        Assert.Equal(
            "outbound|7000||net.example",
            tcp.SharedAt(7000)!.Choose(System.Net.IPAddress.Parse("198.51.100.9"), "", null)!.Clusters.Clusters.Single().Name);
        Assert.Equal(
            "outbound|7000||shop.example",
            tcp.SharedAt(7000)!.Choose(System.Net.IPAddress.Loopback, "", null)!.Clusters.Clusters.Single().Name);
        Assert.Null(tcp.SharedAt(443)!.Choose(System.Net.IPAddress.Loopback, "other", null));
        Assert.NotNull(tcp.SharedAt(443)!.Choose(System.Net.IPAddress.Loopback, "shop.example", null));
        Assert.Same(tcp.Find("db", 5432), tcp.Find("db-0.db.app", 5432));
        var named = tcp.Services.SelectMany(s => s.AllChains).SelectMany(c => c.Clusters.Clusters).Select(c => c.Name);
        Assert.All(named, name => Assert.True(model.Clusters.ContainsKey(name), name));
    }

    [Fact]
    public void What_a_gateway_gets_becomes_listeners_that_do_what_the_Gateway_says()
    {
        using var holder = new ModelHolder(ProxyModel.Empty, new ManualTimeProvider(), new ListLogger<ModelHolder>());
        var resources = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden(), "edge/everything.json")))!.AsObject();
        string[] types =
            [TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener, TypeUrls.RouteConfiguration];
        foreach (var type in types) Assert.Null(holder.Apply(Response(type, resources)));

        var edge = holder.Model!.Edge;

        Assert.Empty(holder.Status.Warming);
        Assert.Equal(5, edge.Count);
        Assert.False(edge["0.0.0.0_80"].IsTls);
        var redirect = Assert.IsType<RouteAction.Redirect>(
            edge["0.0.0.0_80"].Choose("", false)!.Routes!.FindHost("b.example")!.Routes[0].Action);
        Assert.Equal("https", redirect.Scheme); // before what is written for the host, which is for those who come by TLS
        var simple = edge["0.0.0.0_443"].Choose("x.example", false)!;
        Assert.Equal(("cred", ClientCertificateDemand.None), ($"{simple.Tls!.Certificates.Single()}", simple.Tls.Demand));
        var mutual = edge["0.0.0.0_443"].Choose("m.example.org", false)!.Tls!;
        Assert.Equal(("cred-cacert", ClientCertificateDemand.Required), ($"{mutual.Roots}", mutual.Demand));
        Assert.Equal(System.Security.Authentication.SslProtocols.Tls13, mutual.Protocols);
        Assert.Equal(["spiffe://x/y", "client.example"], mutual.AllowedNames.AsEnumerable());
        var files = edge["0.0.0.0_443"].Choose("f.example.org", false)!.Tls!;
        Assert.Equal((new EdgeRootsName("", "/c/ca", "/c/crl"), ClientCertificateDemand.Optional), (files.Roots!, files.Demand));
        Assert.Equal(new EdgeCertificateName("", "/c/crt", "/c/key"), files.Certificates.Single());
        Assert.Null(edge["0.0.0.0_443"].Choose("db.through.org", false)!.Tls);
        Assert.Null(edge["0.0.0.0_443"].Choose("nobody.org", false));
        Assert.True(edge["0.0.0.0_8443"].Choose("whatever", false)!.Tls!.IsMesh);
        var open = edge["0.0.0.0_15443"];
        Assert.NotNull(open.Choose("outbound_.80_._.b.app.svc.cluster.local", true));
        Assert.Null(open.Choose("outbound_.80_._.b.app.svc.cluster.local", false));
        Assert.Equal(3, edge["10.9.9.9_9000"].Choose("", false)!.Clusters!.Clusters.Length);
    }

    private static DeltaDiscoveryResponse Response(string typeUrl, JsonObject resources)
    {
        var parser = new JsonParser(JsonParser.Settings.Default.WithTypeRegistry(XdsTypes.Registry));
        var response = new DeltaDiscoveryResponse { TypeUrl = typeUrl, SystemVersionInfo = "golden" };
        var list = resources[typeUrl[(typeUrl.LastIndexOf('.') + 1)..]]?.AsArray() ?? [];
        response.Resources.AddRange(list.Select(json => new Resource
        {
            Name = (json!["name"] ?? json["clusterName"])!.GetValue<string>(),
            Version = "1",
            Resource_ = parser.Parse<Any>(json.ToJsonString()),
        }));
        return response;
    }

    private static string Golden([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../Xds.Tests/Translation/golden"));
}
