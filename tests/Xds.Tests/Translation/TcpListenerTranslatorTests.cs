using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Tests.Translation.Envoy;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>What a sidecar is told of connections that are carried as bytes.</summary>
public sealed class TcpListenerTranslatorTests
{
    private static readonly Translated Got = EnvoyMesh.Mesh.For();

    [Fact]
    public void A_port_of_bytes_has_a_listener_by_all_names_of_its_service()
    {
        var listener = Got.Listener("vip.app.svc.cluster.local_9000");

        Assert.Equal(false, listener.BindToPort);
        Assert.Equal(
            ["vip.app.svc.cluster.local", "vip.app.svc", "vip.app", "vip", "10.96.0.1"],
            listener.AdditionalAddresses.Select(a => a.Address).Prepend(listener.Address).Select(a => a.SocketAddress.Address));
        Assert.All(listener.AdditionalAddresses, a => Assert.Equal(9000u, a.Address.SocketAddress.PortValue));
    }

    [Fact]
    public void Its_rules_are_those_of_its_caller()
    {
        var mine = Got.Listener("vip.app.svc.cluster.local_9000");
        var others = EnvoyMesh.Mesh.For(TestMesh.Scope("app", "app=other")).Listener("vip.app.svc.cluster.local_9000");

        Assert.Equal(
            [("outbound|9000|v1|b.app.svc.cluster.local", 90u), ("outbound|9000|v2|b.app.svc.cluster.local", 10u)],
            Tcp(mine.DefaultFilterChain).WeightedClusters.Clusters.Select(c => (c.Name, c.Weight)));
        Assert.Equal("BlackHoleCluster", Tcp(others.DefaultFilterChain).Cluster);
    }

    [Fact]
    public void How_long_its_connections_last_is_said_by_the_rule_of_the_first_destination()
    {
        var listener = EnvoyMesh.With("""
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: {name: db, namespace: app}
            spec:
              host: db
              trafficPolicy: {connectionPool: {tcp: {idleTimeout: 0s, maxConnectionDuration: 90s}}}
            """).For().Listener("db.app.svc.cluster.local_5432");

        var tcp = Tcp(listener.DefaultFilterChain);

        Assert.Equal(TimeSpan.Zero, tcp.IdleTimeout.ToTimeSpan());
        Assert.Equal(TimeSpan.FromSeconds(90), tcp.MaxDownstreamConnectionDuration.ToTimeSpan());
        var other = Tcp(Got.Listener("db.app.svc.cluster.local_5432").DefaultFilterChain);
        Assert.Null(other.IdleTimeout); // an hour
    }

    [Fact]
    public void A_TLS_port_is_routed_by_server_name_where_there_are_rules_and_else_by_the_name_that_is_called()
    {
        var ruled = Got.Listener("vip.app.svc.cluster.local_443");
        var plain = Got.Listener("shop.example_443");

        Assert.Equal(["vip.app.svc.cluster.local"], Assert.Single(ruled.FilterChains).FilterChainMatch.ServerNames);
        Assert.Null(ruled.DefaultFilterChain);
        Assert.Empty(plain.FilterChains);
        Assert.Equal("outbound|443||shop.example", Tcp(plain.DefaultFilterChain).Cluster);
    }

    [Fact]
    public void A_headless_service_that_is_called_by_name_is_one_service()
    {
        var listener = Got.Listener("db.app.svc.cluster.local_5432");

        Assert.Equal("outbound|5432||db.app.svc.cluster.local", Tcp(listener.DefaultFilterChain).Cluster);
        Assert.Contains("*.db.app", listener.AdditionalAddresses.Select(a => a.Address.SocketAddress.Address));
    }

    [Fact]
    public void Subnets_narrow_and_what_is_left_goes_to_the_service()
    {
        var listener = EnvoyMesh.With("""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: l4, namespace: app }
            spec:
              hosts: [ net.example ]
              tcp:
              - match: [ { destinationSubnets: [ 203.0.113.0/24 ], sourceSubnet: 10.0.0.0/8 } ]
                route: [ { destination: { host: b, port: { number: 9000 } } } ]
            """).For().Listener("net.example_7000");

        var chain = Assert.Single(listener.FilterChains);
        Assert.Equal("203.0.113.0", chain.FilterChainMatch.PrefixRanges.Single().AddressPrefix);
        Assert.Equal("10.0.0.0", chain.FilterChainMatch.SourcePrefixRanges.Single().AddressPrefix);
        Assert.Equal("outbound|9000||b.app.svc.cluster.local", Tcp(chain).Cluster);
        Assert.Equal("outbound|7000||net.example", Tcp(listener.DefaultFilterChain).Cluster);
    }

    [Fact]
    public void A_name_belongs_to_the_first_that_claims_it_and_a_host_before_other_names()
    {
        var got = TestMesh.With("""
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: short }
            spec: { hosts: [ b.app ], resolution: STATIC, addresses: [ 10.96.7.7 ], ports: [ { number: 9000, name: tcp, protocol: TCP } ] }
            """).For();

        string[] claims = ["b.app.svc.cluster.local_9000", "b.app_9000"];
        var names = claims.SelectMany(n => got.Listener(n).AdditionalAddresses
            .Select(a => a.Address).Prepend(got.Listener(n).Address).Select(a => (n, a.SocketAddress.Address))).ToList();

        Assert.Equal(names.Count, names.Select(n => n.Address).Distinct().Count());
        Assert.Equal(("b.app_9000", "b.app"), names.Single(n => n.Address == "b.app"));
    }

    [Fact]
    public void Services_without_an_address_share_a_listener_for_every_address_of_their_port()
    {
        var listener = Got.Listener("0.0.0.0_7000_tcp");

        Assert.Equal(
            ("0.0.0.0", 7000u, false),
            (listener.Address.SocketAddress.Address, listener.Address.SocketAddress.PortValue, listener.BindToPort));
        var chain = Assert.Single(listener.FilterChains);
        var network = Assert.Single(chain.FilterChainMatch.PrefixRanges);
        Assert.Equal(("198.51.100.0", 24u), (network.AddressPrefix, network.PrefixLen));
        Assert.Equal("outbound|7000||net.example", Tcp(chain).Cluster);
        Assert.Equal("outbound|7000||shop.example", Tcp(listener.DefaultFilterChain).Cluster);
        Assert.False(Got.Has(TypeUrls.Listener, "0.0.0.0_9000_tcp")); // known by its members
    }

    [Fact]
    public void An_entry_of_fixed_members_and_no_address_takes_every_address_of_its_port_and_its_members_first()
    {
        var mesh = EnvoyMesh.With(string.Join("\n---\n", new[] { ("one", "192.0.2.1"), ("two", "192.0.2.2") }.Select(entry => $$"""
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: {{entry.Item1}}, namespace: app }
            spec:
              hosts: [ {{entry.Item1}}.fixed.example ]
              resolution: STATIC
              endpoints: [ { address: {{entry.Item2}} } ]
              ports: [ { number: 7200, name: tcp, protocol: TCP } ]
            """)));

        var own = mesh.For().Listener("0.0.0.0_7200_tcp");
        var envoy = mesh.For(TestMesh.Envoy()).Listener("0.0.0.0_7200");

        Assert.Empty(own.FilterChains); // the sidecar has the members
        Assert.Equal("outbound|7200||one.fixed.example", Tcp(own.DefaultFilterChain).Cluster);
        Assert.Equal("outbound|7200||one.fixed.example", Tcp(envoy.DefaultFilterChain).Cluster);
        Assert.Equal(
            [("192.0.2.1", "outbound|7200||one.fixed.example"), ("192.0.2.2", "outbound|7200||two.fixed.example")],
            envoy.FilterChains.Select(c => (c.FilterChainMatch.PrefixRanges.Single().AddressPrefix, Tcp(c).Cluster)));
    }

    [Fact]
    public void Those_of_TLS_are_known_by_the_name_that_is_asked_for_whoever_their_members_are()
    {
        var mesh = EnvoyMesh.With("""
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: tls, namespace: app }
            spec:
              hosts: [ u.ext ]
              resolution: STATIC
              endpoints: [ { address: 127.0.0.1 } ]
              ports: [ { number: 443, name: tls, protocol: TLS } ]
            """);

        foreach (var listener in new[]
        {
            mesh.For().Listener("0.0.0.0_443_tcp"),
            mesh.For(TestMesh.Envoy()).Listener("0.0.0.0_443"),
        })
        {
            Assert.Equal(
                [("shop.example", "outbound|443||shop.example"), ("u.ext", "outbound|443||u.ext")],
                listener.FilterChains.Select(c => (c.FilterChainMatch.ServerNames.Single(), Tcp(c).Cluster)));
            Assert.All(listener.FilterChains, c => Assert.Empty(c.FilterChainMatch.PrefixRanges));
        }
    }

    [Fact]
    public void A_network_of_one_address_is_that_address()
    {
        var listener = EnvoyMesh.With("""
            kind: ServiceEntry
            apiVersion: networking.istio.io/v1
            metadata: { name: one, namespace: app }
            spec:
              hosts: [ one.ext ]
              addresses: [ 10.7.0.1/32 ]
              resolution: NONE
              ports: [ { number: 7100, name: tcp, protocol: TCP } ]
            """).For().Listener("one.ext_7100");

        Assert.Equal("10.7.0.1", Assert.Single(listener.AdditionalAddresses).Address.SocketAddress.Address);
    }

    private static TcpProxy Tcp(FilterChain chain) => chain.Filters.Single().TypedConfig.Unpack<TcpProxy>();
}
