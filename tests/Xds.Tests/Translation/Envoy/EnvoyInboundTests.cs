using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Tests.Translation.Envoy;

/// <summary>How connections to the workload are taken.</summary>
public sealed class EnvoyInboundTests
{
    private static readonly Translated Got = EnvoyMesh.Mesh.For(TestMesh.Envoy());

    [Fact]
    public void The_port_that_was_meant_decides_and_nothing_is_handed_to_what_goes_out()
    {
        var listener = Got.Listener("virtualInbound");

        Assert.Equal(
            ["envoy.filters.listener.original_dst", "envoy.filters.listener.tls_inspector"],
            listener.ListenerFilters.Select(f => f.Name));
        Assert.Null(listener.UseOriginalDst);
        Assert.True(listener.ContinueOnListenerFiltersTimeout);
        Assert.Equal("BlackHoleCluster", Tcp(listener.FilterChains.Single(c => c.FilterChainMatch.DestinationPort == 15006)).Cluster);
    }

    [Fact]
    public void A_permissive_port_takes_mesh_mTLS_plaintext_and_the_applications_own_TLS()
    {
        var chains = Got.Chains(8080);

        Assert.Equal(["inbound|8080|tls", "inbound|8080|plaintext", "inbound|8080|foreign-tls"], chains.Select(c => c.Name));
        Assert.Contains("istio-h2", chains[0].FilterChainMatch.ApplicationProtocols);
        var tls = chains[0].TransportSocket.TypedConfig.Unpack<DownstreamTlsContext>();
        Assert.True(tls.RequireClientCertificate);
        Assert.Equal("/certs/key", Assert.Single(tls.CommonTlsContext.TlsCertificates).PrivateKey.Filename);
        Assert.Equal("/certs/roots", tls.CommonTlsContext.ValidationContext.TrustedCa.Filename);
        Assert.Equal(("tls", 0), (chains[2].FilterChainMatch.TransportProtocol, chains[2].FilterChainMatch.ApplicationProtocols.Count));
        Assert.Equal("inbound|8080||", Tcp(chains[2]).Cluster);
    }

    [Theory]
    [InlineData(6379)] // of a service
    [InlineData(9999)] // of a policy only
    public void A_strict_port_takes_mesh_mTLS_only(int port)
    {
        var chain = Assert.Single(Got.Chains(port));

        Assert.NotNull(chain.TransportSocket);
        Assert.Empty(chain.FilterChainMatch.ApplicationProtocols);
    }

    [Fact]
    public void Tokens_are_verified_before_access_control()
    {
        var got = EnvoyMesh.With("""
            kind: RequestAuthentication
            apiVersion: security.istio.io/v1
            metadata: { name: jwt, namespace: istio-system }
            spec: { jwtRules: [ { issuer: i, jwks: '{"keys":[]}' } ] }
            """).For(TestMesh.Envoy());

        foreach (var chain in got.Chains(8080).Take(2))
        {
            var manager = chain.Filters.Single().TypedConfig.Unpack<HttpConnectionManager>();
            Assert.Equal("envoy.filters.http.jwt_authn", manager.HttpFilters[0].Name);
        }
    }

    [Fact]
    public void Ports_that_nobody_declared_pass_under_the_same_policies()
    {
        var chains = Got.Listener("virtualInbound").FilterChains.Where(c => c.FilterChainMatch.DestinationPort is null).ToList();

        Assert.Equal(["inbound|passthrough|tls", "inbound|passthrough|plaintext", "inbound|passthrough|foreign-tls"], chains.Select(c => c.Name));
        Assert.All(chains, c => Assert.Equal("envoy.filters.network.rbac", c.Filters[0].Name));
        Assert.All(chains, c => Assert.Equal("InboundPassthroughCluster", Tcp(c).Cluster));
        var cluster = Got.Cluster("InboundPassthroughCluster");
        Assert.Equal((Cluster.Types.DiscoveryType.OriginalDst, "127.0.0.6"), (cluster.Type, cluster.UpstreamBindConfig.SourceAddress.Address));
    }

    [Fact]
    public void Who_has_no_certificate_serves_nothing_that_demands_one()
    {
        var got = EnvoyMesh.Mesh.For(TestMesh.Envoy(hasFiles: false));

        Assert.Empty(got.Chains(6379));
        Assert.Equal(["inbound|8080|plaintext", "inbound|8080|foreign-tls"], got.Chains(8080).Select(c => c.Name));
        Assert.All(got.Listener("virtualInbound").FilterChains, c => Assert.Null(c.TransportSocket));
    }

    [Fact]
    public void Who_follows_its_certificates_has_its_secrets_from_files_of_its_own()
    {
        var got = EnvoyMesh.Mesh.For(TestMesh.FollowingEnvoy());

        var server = got.Chains(6379)[0].TransportSocket.TypedConfig.Unpack<DownstreamTlsContext>().CommonTlsContext;
        var client = got.Cluster("outbound|9000||b.app.svc.cluster.local").TransportSocketMatches[0].TransportSocket
            .TypedConfig.Unpack<UpstreamTlsContext>().CommonTlsContext;
        Assert.All([server, client], tls =>
        {
            var secret = Assert.Single(tls.TlsCertificateSdsSecretConfigs);
            var roots = tls.CombinedValidationContext.ValidationContextSdsSecretConfig;
            Assert.Equal(("default", "/certs/certificate.json"), (secret.Name, secret.SdsConfig.PathConfigSource.Path));
            Assert.Equal(("ROOTCA", "/certs/roots.json"), (roots.Name, roots.SdsConfig.PathConfigSource.Path));
        });
        Assert.Single(client.CombinedValidationContext.DefaultValidationContext.MatchTypedSubjectAltNames);
    }

    [Fact]
    public void Who_has_no_certificate_calls_in_clear_text_and_nobody_whom_to_call_like_that_is_forbidden()
    {
        var got = EnvoyMesh.With("""
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: db, namespace: app }
            spec: { host: db, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
            """).For(TestMesh.Envoy(hasFiles: false));

        var clear = got.Cluster("outbound|9000||b.app.svc.cluster.local");
        Assert.Equal((Cluster.Types.DiscoveryType.Eds, 0), (clear.Type, clear.TransportSocketMatches.Count));
        var closed = got.Cluster("outbound|5432||db.app.svc.cluster.local");
        Assert.Equal((Cluster.Types.DiscoveryType.Static, true), (closed.Type, closed.LoadAssignment is null));
    }

    private static TcpProxy Tcp(FilterChain chain) => chain.Filters[^1].TypedConfig.Unpack<TcpProxy>();
}
