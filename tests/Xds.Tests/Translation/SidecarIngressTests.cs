using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Upstream;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>The ports that a Sidecar resource opens towards the application.</summary>
public sealed class SidecarIngressTests
{
    [Fact]
    public void They_are_all_there_are_and_lead_where_it_says()
    {
        var got = TestMesh.With(Sidecar("""
            workloadSelector: {labels: {app: b}}
            ingress:
            - {port: {number: 9000, protocol: TCP, name: bytes}, defaultEndpoint: "[::1]:9001"}
            - {port: {number: 8080, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:9999"}
            - {port: {number: 7070, protocol: GRPC, name: grpc}, defaultEndpoint: "0.0.0.0:7070"}
            - {port: {number: 6060, protocol: HTTP, name: same}}
            """)).For("app", "app=b");

        Assert.Equal(
            [("inbound|6060||", "127.0.0.1:6060"), ("inbound|7070||", "0.0.0.0:7070"),
                ("inbound|8080||", "127.0.0.1:9999"), ("inbound|9000||", "::1:9001")],
            Inbound(got));
        Assert.Equal("inbound|9000||", Assert.Single(got.Chains(9000)[0].Filters).TypedConfig.Unpack<TcpProxy>().Cluster);
        Assert.NotEmpty(got.Chains(8080));
    }

    [Fact]
    public void Others_keep_what_their_services_say()
    {
        var rule = Sidecar("workloadSelector: {labels: {app: b}}\ningress: [{port: {number: 1234, protocol: HTTP, name: p}}]");

        Assert.Equal(Inbound(TestMesh.With("").For("app", "app=c")), Inbound(TestMesh.With(rule).For("app", "app=c")));
    }

    [Fact]
    public void Limits_of_the_port_count_before_those_of_the_resource()
    {
        var got = TestMesh.With(Sidecar("""
            workloadSelector: {labels: {app: b}}
            inboundConnectionPool: {tcp: {maxConnections: 5, idleTimeout: 60s}, http: {maxRequestsPerConnection: 9}}
            ingress:
            - {port: {number: 8080, protocol: HTTP, name: http}}
            - {port: {number: 9000, protocol: TCP, name: bytes}}
            - {port: {number: 8081, protocol: HTTP, name: more}, connectionPool: {tcp: {maxConnections: 7}}}
            """)).For("app", "app=b");

        Assert.Equal((5u, 7u), (Most(got.Cluster("inbound|8080||")), Most(got.Cluster("inbound|8081||"))));
        var options = got.Cluster("inbound|8080||").TypedExtensionProtocolOptions.Values.Single().Unpack<HttpProtocolOptions>();
        Assert.Equal(9u, options.CommonHttpProtocolOptions.MaxRequestsPerConnection);
        var tcp = Assert.Single(got.Chains(9000)[0].Filters).TypedConfig.Unpack<TcpProxy>();
        Assert.Equal(TimeSpan.FromMinutes(1), tcp.IdleTimeout.ToTimeSpan());
    }

    [Fact]
    public void Limits_without_ports_are_for_those_that_there_are()
    {
        var got = TestMesh.With(Sidecar("inboundConnectionPool: {tcp: {maxConnections: 5}}")).For("app", "app=b");

        Assert.Equal((5u, 5u), (Most(got.Cluster("inbound|8080||")), Most(got.Cluster("inbound|9000||"))));
    }

    private static IEnumerable<(string Name, string Application)> Inbound(Translated got) =>
        got.Resources.Group(TypeUrls.Cluster)!.Resources.Select(resource => resource.Name)
            .Where(name => name.StartsWith("inbound|", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => (name, Application(got.Cluster(name))));

    private static uint? Most(Cluster cluster) => cluster.CircuitBreakers.Thresholds[0].MaxConnections;

    private static string Application(Cluster cluster)
    {
        var address = cluster.LoadAssignment.Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress;
        return $"{address.Address}:{address.PortValue}";
    }

    private static string Sidecar(string spec) =>
        "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: own, namespace: app}\nspec:\n"
        + string.Join('\n', spec.Split('\n').Select(line => $"  {line}"));
}
