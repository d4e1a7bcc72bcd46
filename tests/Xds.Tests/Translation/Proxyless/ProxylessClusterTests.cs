using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Tests.Translation.Proxyless;

/// <summary>What a gRPC program without sidecar is told of those it calls.</summary>
public sealed class ProxylessClusterTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";

    [Theory]
    [InlineData("")]
    [InlineData("loadBalancer: { simple: LEAST_REQUEST }")]
    [InlineData("loadBalancer: { simple: RANDOM }")]
    public void What_gRPC_cannot_balance_by_is_round_robin(string policy) =>
        Assert.Equal(Cluster.Types.LbPolicy.RoundRobin, Ruled(policy).Cluster(B).LbPolicy);

    [Theory]
    [InlineData("loadBalancer: { consistentHash: { httpHeaderName: x } }")]
    [InlineData("loadBalancer: { consistentHash: { httpHeaderName: x, maglev: { tableSize: 65537 } } }")]
    public void A_hash_is_a_ring_and_the_header_is_named_by_the_route(string policy)
    {
        var translated = Ruled(policy);

        Assert.Equal(Cluster.Types.LbPolicy.RingHash, translated.Cluster(B).LbPolicy);
        var action = Assert.Single(Assert.Single(translated.Routes(B).VirtualHosts).Routes).Route_;
        Assert.Equal("x", Assert.Single(action.HashPolicy).Header.HeaderName);
    }

    [Theory]
    [InlineData("", uint.MaxValue)] // and not the 1024 that gRPC has when nothing is said
    [InlineData("connectionPool: { http: { http2MaxRequests: 2 } }", 2)]
    public void The_limit_on_calls_is_always_said(string policy, uint limit) =>
        Assert.Equal(limit, Assert.Single(Ruled(policy).Cluster(B).CircuitBreakers.Thresholds).MaxRequests);

    [Fact]
    public void Without_a_word_on_TLS_it_is_plaintext() => Assert.Null(Ruled("").Cluster(B).TransportSocket);

    [Fact]
    public void Mesh_mTLS_is_by_the_programs_own_certificates_and_demands_the_members_identities()
    {
        var plain = TestMesh.Workload("app", "b-3", "10.0.0.9", "app=b,version=v1", sidecar: false) with { ServiceAccount = "bare" };
        var tls = Ruled("tls: { mode: ISTIO_MUTUAL }", plain).Cluster(B).TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>().CommonTlsContext;

        Assert.Equal(("default", "default"), (tls.TlsCertificateProviderInstance.InstanceName, tls.ValidationContext.CaCertificateProviderInstance.InstanceName));
        Assert.Equal(
            ["spiffe://cluster.local/ns/app/sa/b", "spiffe://cluster.local/ns/app/sa/bare"],
            tls.ValidationContext.MatchSubjectAltNames.Select(n => n.Exact));
    }

    [Theory]
    [InlineData("tls: { mode: SIMPLE }")]
    [InlineData("tls: { mode: MUTUAL, clientCertificate: /c, privateKey: /k }")]
    [InlineData("loadBalancer: { simple: PASSTHROUGH }")]
    public void Whom_gRPC_cannot_call_as_asked_is_a_cluster_without_members(string policy)
    {
        var translated = Ruled(policy);

        Assert.Null(translated.Cluster(B).TransportSocket);
        Assert.Empty(translated.Endpoints(B).Endpoints);
    }

    [Fact]
    public void A_subset_that_does_not_exist_is_a_cluster_without_members()
    {
        const string Missing = "outbound|80|nowhere|b.app.svc.cluster.local";
        var translated = TestMesh.With("""
            { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: b, namespace: app },
              spec: { hosts: [ b ], http: [ { route: [ { destination: { host: b, subset: nowhere } } ] } ] } }
            """).For(TestMesh.Proxyless());

        Assert.Equal(Cluster.Types.DiscoveryType.Eds, translated.Cluster(Missing).Type);
        Assert.Empty(translated.Endpoints(Missing).Endpoints);
    }

    private static Translated Ruled(string policy, params Model.Topology.Workload[] workloads) => TestMesh.With($$"""
        { kind: DestinationRule, apiVersion: networking.istio.io/v1, metadata: { name: b, namespace: app },
          spec: { host: b, trafficPolicy: { {{policy}} } } }
        """).And(workloads).For(TestMesh.Proxyless());
}
