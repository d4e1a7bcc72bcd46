using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Tests.Translation.Envoy;

/// <summary>How connections of the workload find their way.</summary>
public sealed class EnvoyOutboundTests
{
    private const string B = "outbound|9000||b.app.svc.cluster.local";
    private static readonly Translated Got = EnvoyMesh.Mesh.For(TestMesh.Envoy());

    [Fact]
    public void Everything_redirected_is_handed_to_the_listener_it_was_meant_for()
    {
        var first = Got.Listener("virtualOutbound");

        Assert.True(first.UseOriginalDst);
        Assert.Null(first.BindToPort);
        Assert.Equal([15001u, null], first.FilterChains.Select(c => c.FilterChainMatch?.DestinationPort));
        Assert.Equal(["BlackHoleCluster", "PassthroughCluster"], first.FilterChains.Select(c => Tcp(c).Cluster));
        Assert.All(Outbound().Where(l => l.Name != first.Name), l => Assert.False(l.BindToPort));
    }

    [Fact]
    public void Requests_are_routed_and_all_else_on_the_port_passes()
    {
        var listener = Got.Listener("0.0.0.0_80");

        var chain = Assert.Single(listener.FilterChains);
        Assert.Equal(("raw_buffer", "http/1.1,h2c"), (chain.FilterChainMatch.TransportProtocol, string.Join(',', chain.FilterChainMatch.ApplicationProtocols)));
        var manager = chain.Filters[0].TypedConfig.Unpack<HttpConnectionManager>();
        Assert.Equal(("80", Duration.FromTimeSpan(TimeSpan.FromSeconds(15))), (manager.Rds.RouteConfigName, manager.Rds.ConfigSource.InitialFetchTimeout));
        Assert.Equal("PassthroughCluster", Tcp(listener.DefaultFilterChain).Cluster);
        Assert.Equal(
            ["envoy.filters.listener.tls_inspector", "envoy.filters.listener.http_inspector"],
            listener.ListenerFilters.Select(f => f.Name));
    }

    [Fact]
    public void A_virtual_address_has_its_listener_with_the_shares_of_its_route()
    {
        var listener = Got.Listener("10.96.0.1_9000");

        Assert.Equal(("10.96.0.1", 9000u), (listener.Address.SocketAddress.Address, listener.Address.SocketAddress.PortValue));
        var chain = Assert.Single(listener.FilterChains);
        Assert.Null(chain.FilterChainMatch);
        Assert.Empty(listener.ListenerFilters);
        Assert.Equal(
            [("outbound|9000|v1|b.app.svc.cluster.local", 90u), ("outbound|9000|v2|b.app.svc.cluster.local", 10u)],
            Tcp(chain).WeightedClusters.Clusters.Select(c => (c.Name, c.Weight)));
    }

    [Fact]
    public void A_rule_for_other_clients_is_for_them_only_and_a_destination_that_does_not_exist_leads_nowhere() =>
        Assert.Equal(
            "BlackHoleCluster",
            Tcp(EnvoyMesh.Mesh.For(TestMesh.Envoy("app", "app=other")).Listener("10.96.0.1_9000").FilterChains.Single()).Cluster);

    [Fact]
    public void A_TLS_port_is_routed_by_server_name()
    {
        var listener = Got.Listener("10.96.0.1_443");

        var chain = Assert.Single(listener.FilterChains);
        Assert.Equal(["vip.app.svc.cluster.local"], chain.FilterChainMatch.ServerNames);
        Assert.Equal("outbound|443||vip.app.svc.cluster.local", Tcp(chain).Cluster);
        Assert.Equal(["envoy.filters.listener.tls_inspector"], listener.ListenerFilters.Select(f => f.Name));
        var external = Got.Listener("0.0.0.0_443").FilterChains.Single();
        Assert.Equal((["shop.example"], "outbound|443||shop.example"), (external.FilterChainMatch.ServerNames, Tcp(external).Cluster));
    }

    [Fact]
    public void A_service_without_an_address_is_known_by_its_members()
    {
        var chain = Assert.Single(Got.Listener("0.0.0.0_9000").FilterChains);

        Assert.Equal(["10.0.0.2/32", "10.0.0.3/32"], Networks(chain));
        Assert.Equal(B, Tcp(chain).Cluster);
    }

    [Fact]
    public void Clients_of_a_headless_service_reach_the_member_they_chose()
    {
        var chains = Got.Listener("0.0.0.0_5432").FilterChains;

        Assert.Equal(["10.0.0.20/32", "10.0.0.21/32"], chains.SelectMany(Networks));
        var cluster = Got.Cluster(Tcp(chains[0]).Cluster);
        Assert.Equal(("outbound|5432|@10.0.0.20|db.app.svc.cluster.local", Cluster.Types.DiscoveryType.Static), (cluster.Name, cluster.Type));
        var endpoint = Assert.Single(Assert.Single(cluster.LoadAssignment.Endpoints).LbEndpoints);
        Assert.Equal("10.0.0.20", endpoint.Endpoint.Address.SocketAddress.Address);
        Assert.Equal("istio", endpoint.Metadata.FilterMetadata["envoy.transport_socket_match"].Fields["tlsMode"].StringValue);
        Assert.Empty(Got.Cluster(Tcp(chains[1]).Cluster).LoadAssignment.Endpoints);
    }

    [Fact]
    public void A_network_is_known_by_its_prefix_and_a_name_alone_takes_what_is_left()
    {
        var listener = Got.Listener("0.0.0.0_7000");

        var chain = Assert.Single(listener.FilterChains);
        Assert.Equal(("198.51.100.0/24", "outbound|7000||net.example"), (Networks(chain).Single(), Tcp(chain).Cluster));
        Assert.Equal("outbound|7000||shop.example", Tcp(listener.DefaultFilterChain).Cluster);
    }

    [Fact]
    public void Destination_subnets_stand_in_for_the_addresses_of_the_service_and_nothing_is_asked_for_twice()
    {
        var chains = EnvoyMesh.With("""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: l4, namespace: app }
            spec:
              hosts: [ net.example ]
              tcp:
              - { match: [ { destinationSubnets: [ 203.0.113.0/24, 203.0.113.7/24 ] } ], route: [ { destination: { host: b, port: { number: 9000 } } } ] }
              - { match: [ { destinationSubnets: [ 203.0.113.0/24, 192.0.2.1 ] } ], route: [ { destination: { host: vip, port: { number: 9000 } } } ] }
            """).For(TestMesh.Envoy()).Listener("0.0.0.0_7000").FilterChains;

        Assert.Equal(
            [("203.0.113.0/24", B), ("192.0.2.1/32", "outbound|9000||vip.app.svc.cluster.local"), ("198.51.100.0/24", "outbound|7000||net.example")],
            chains.Select(c => (Networks(c).Single(), Tcp(c).Cluster)));
    }

    [Fact]
    public void TCP_through_the_mesh_is_mTLS_with_the_files_of_the_node()
    {
        var tls = Got.Cluster(B).TransportSocketMatches[0].TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>();

        Assert.Equal(["istio"], tls.CommonTlsContext.AlpnProtocols);
        var certificate = Assert.Single(tls.CommonTlsContext.TlsCertificates);
        Assert.Equal(("/certs/chain", "/certs/key"), (certificate.CertificateChain.Filename, certificate.PrivateKey.Filename));
        Assert.Equal("/certs/roots", tls.CommonTlsContext.ValidationContext.TrustedCa.Filename);
        Assert.Equal(
            ["spiffe://cluster.local/ns/app/sa/b"],
            tls.CommonTlsContext.ValidationContext.MatchTypedSubjectAltNames.Select(m => m.Matcher.Exact));
    }

    [Fact]
    public void TLS_to_the_outside_is_checked_by_the_roots_of_the_machine()
    {
        var tls = Got.Cluster("outbound|7000||shop.example").TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>();

        Assert.Equal("/etc/ssl/certs/ca-certificates.crt", tls.CommonTlsContext.ValidationContext.TrustedCa.Filename);
    }

    [Fact]
    public void Where_nothing_unknown_may_be_called_it_goes_nowhere()
    {
        var got = EnvoyMesh.With("""
            kind: Sidecar
            apiVersion: networking.istio.io/v1
            metadata: { name: default, namespace: app }
            spec: { outboundTrafficPolicy: { mode: REGISTRY_ONLY }, egress: [ { hosts: [ "*/*" ] } ] }
            """).For(TestMesh.Envoy());

        Assert.Equal("BlackHoleCluster", Tcp(got.Listener("virtualOutbound").FilterChains[1]).Cluster);
        Assert.Equal("BlackHoleCluster", Tcp(got.Listener("0.0.0.0_80").DefaultFilterChain).Cluster);
    }

    [Fact]
    public void A_route_of_TCP_brings_its_destination_into_a_narrowed_sight()
    {
        var got = EnvoyMesh.With("""
            kind: Sidecar
            apiVersion: networking.istio.io/v1
            metadata: { name: default, namespace: app }
            spec: { egress: [ { hosts: [ ./vip.app.svc.cluster.local ] } ] }
            """).For(TestMesh.Envoy());

        Assert.True(got.Has(TypeUrls.Cluster, "outbound|9000|v1|b.app.svc.cluster.local"));
        Assert.False(got.Has(TypeUrls.Cluster, "outbound|5432||db.app.svc.cluster.local"));
    }

    private static IEnumerable<Listener> Outbound() =>
        Got.Resources.Listeners.Resources.Select(r => r.ToAny().Unpack<Listener>()).Where(l => l.TrafficDirection is Protocol.Core.TrafficDirection.Outbound);

    private static TcpProxy Tcp(FilterChain chain) => Assert.Single(chain.Filters).TypedConfig.Unpack<TcpProxy>();

    private static IEnumerable<string> Networks(FilterChain chain) =>
        chain.FilterChainMatch.PrefixRanges.Select(r => $"{r.AddressPrefix}/{r.PrefixLen}");
}
