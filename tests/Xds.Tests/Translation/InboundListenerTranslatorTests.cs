using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class InboundListenerTranslatorTests
{
    [Fact]
    public void A_port_takes_both_mesh_mTLS_and_plaintext_when_nobody_says_otherwise()
    {
        var chains = TestMesh.With("").For("app", "app=b").Chains(8080);

        Assert.Equal(["tls", "raw_buffer"], chains.Select(c => c.FilterChainMatch.TransportProtocol));
        Assert.Equal(
            ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"],
            chains[0].FilterChainMatch.ApplicationProtocols);
        var tls = chains[0].TransportSocket.TypedConfig.Unpack<DownstreamTlsContext>();
        Assert.True(tls.RequireClientCertificate);
        Assert.Equal("default", Assert.Single(tls.CommonTlsContext.TlsCertificateSdsSecretConfigs).Name);
        Assert.Equal("ROOTCA", tls.CommonTlsContext.CombinedValidationContext.ValidationContextSdsSecretConfig.Name);
        Assert.Null(chains[1].TransportSocket);
    }

    [Fact]
    public void The_application_is_reached_on_its_loopback()
    {
        var translated = TestMesh.With("").For("app", "app=b");

        var host = Assert.Single(translated.Manager(8080).RouteConfig.VirtualHosts);
        Assert.Equal(("inbound|http|8080", "inbound|8080||"), (host.Name, Assert.Single(host.Routes).Route_.Cluster));
        var cluster = translated.Cluster("inbound|8080||");
        var address = cluster.LoadAssignment.Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress;
        Assert.Equal(
            (Cluster.Types.DiscoveryType.Static, "127.0.0.1", 8080u),
            (cluster.Type, address.Address, address.PortValue));
    }

    [Fact]
    public void A_port_that_is_not_HTTP_is_forwarded_byte_by_byte()
    {
        var filter = Assert.Single(TestMesh.With("").For("app", "app=b").Chains(9000)[0].Filters);

        Assert.Equal("inbound|9000||", filter.TypedConfig.Unpack<TcpProxy>().Cluster);
    }

    [Theory]
    [InlineData("one", "two", true)] // neither says what is spoken
    [InlineData("tcp-one", "two", true)]
    [InlineData("one", "tcp-two", true)]
    [InlineData("http-one", "two", false)]
    [InlineData("one", "grpc-two", false)]
    [InlineData("tcp-one", "tcp-two", false)]
    public void What_nobody_declares_is_found_out_also_where_another_service_of_the_port_says_bytes(
        string one, string two, bool isFoundOut)
    {
        var mesh = TestMesh.With($$$"""
            {apiVersion: v1, kind: Service, metadata: {name: x, namespace: app}, spec: {selector: {app: b}, ports: [{name: {{{one}}}, port: 81, targetPort: 7000}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: y, namespace: app}, spec: {selector: {app: b}, ports: [{name: {{{two}}}, port: 82, targetPort: 7000}]}}
            """);

        var chains = mesh.For("app", "app=b").Chains(7000);

        Assert.Equal(
            isFoundOut ? ["inbound|7000||", "inbound|7000||"] : [],
            chains.Select(c => c.Metadata).OfType<Metadata>()
                .Select(m => m.TypedFilterMetadata[UndeclaredPort.Metadata].Unpack<TcpProxy>().Cluster));
        Assert.All(
            mesh.For(TestMesh.Envoy("app", "app=b")).Listener("virtualInbound").FilterChains, chain => Assert.Null(chain.Metadata));
    }

    [Fact]
    public void Ports_that_no_service_knows_are_taken_from_the_workload()
    {
        var scope = TestMesh.Scope("app", "app=stranger") with
        {
            Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 7000).Add("mysql", 3306),
        };

        var listener = TestMesh.With("").For(scope).Listener("virtualInbound");

        Assert.Equal(
            [(3306u, "envoy.filters.network.tcp_proxy"), (7000u, "envoy.filters.network.http_connection_manager")],
            listener.FilterChains.Select(c => (c.FilterChainMatch.DestinationPort!.Value, c.Filters[0].Name)).Distinct());
    }

    [Fact]
    public void A_workload_without_ports_has_no_inbound_listener() =>
        Assert.False(TestMesh.With("").For("app", "app=stranger").Has(TypeUrls.Listener, "virtualInbound"));

    [Fact]
    public void A_gateway_that_nothing_opens_gets_neither_inbound_ports_nor_routes()
    {
        var resources = SnapshotTranslator.Translate(new TranslationInput(
            TestMesh.With("").Snapshot, TestMesh.Scope("app", "app=b") with { Mode = ProxyMode.Gateway }));

        Assert.Empty(resources.Listeners.Resources);
        Assert.Empty(resources.Routes.Resources);
        Assert.NotEmpty(resources.Endpoints.Resources);
    }
}
