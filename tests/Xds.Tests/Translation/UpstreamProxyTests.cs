using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.ProxyProtocol;
using MeshOrleans.Xds.Protocol.RawBuffer;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>Destinations that are proxies themselves, or want to know who calls.</summary>
public sealed class UpstreamProxyTests
{
    private const string Forward = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: squid, namespace: app}
        spec: {hosts: [squid.example], resolution: STATIC, ports: [{number: 3128, name: tcp, protocol: TCP}], endpoints: [{address: 192.0.2.9}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: squid, namespace: app}
        spec: {host: squid.example, trafficPolicy: {tunnel: {protocol: CONNECT, targetHost: far.example, targetPort: 443}}}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: b, namespace: app}
        spec: {hosts: [b], tcp: [{match: [{port: 9000}], route: [{destination: {host: squid.example, port: {number: 3128}}}]}]}
        """;

    [Fact]
    public void Whatever_goes_to_a_proxy_asks_it_for_the_far_end()
    {
        var got = TestMesh.With(Forward).For();

        var routed = Tcp(got.Listener("b.app.svc.cluster.local_9000").DefaultFilterChain);
        Assert.Equal(
            ("outbound|3128||squid.example", "far.example:443", false),
            (routed.Cluster, routed.TunnelingConfig.Hostname, routed.TunnelingConfig.UsePost));
        var direct = Tcp(got.Listener("squid.example_3128").DefaultFilterChain);
        Assert.Equal("far.example:443", direct.TunnelingConfig.Hostname); // as Istio does
    }

    [Theory]
    [InlineData("V1", ProxyProtocolConfig.Types.Version.V1)]
    [InlineData("V2", ProxyProtocolConfig.Types.Version.V2)]
    public void A_header_comes_before_every_handshake(string version, ProxyProtocolConfig.Types.Version expected)
    {
        var got = TestMesh.With($$"""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: b, namespace: app}
            spec: {host: b, trafficPolicy: {proxyProtocol: { version: {{version}} } } }
            """).For();

        var matches = got.Cluster("outbound|9000||b.app.svc.cluster.local").TransportSocketMatches;
        var sockets = matches.Select(m => m.TransportSocket.TypedConfig.Unpack<ProxyProtocolUpstreamTransport>()).ToList();
        Assert.All(sockets, socket => Assert.Equal(expected, socket.Config.Version));
        Assert.True(sockets[0].TransportSocket.TypedConfig.Is(UpstreamTlsContext.Descriptor));
        Assert.True(sockets[1].TransportSocket.TypedConfig.Is(RawBuffer.Descriptor));
    }

    [Fact]
    public void Credentials_of_a_machine_are_named_and_a_list_of_revoked_certificates_is_a_file()
    {
        var mesh = TestMesh.With("""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: b, namespace: app}
            spec: {host: b, trafficPolicy: {tls: {mode: MUTUAL, credentialName: cred, sni: b.example, caCrl: /crl.pem}}}
            """);

        var tls = Tls(mesh.For());
        Assert.Equal("kubernetes://cred", Assert.Single(tls.TlsCertificateSdsSecretConfigs).Name);
        var demands = tls.CombinedValidationContext;
        Assert.Equal("kubernetes://cred-cacert", demands.ValidationContextSdsSecretConfig.Name);
        Assert.Equal("/crl.pem", demands.DefaultValidationContext.Crl.Filename);
        Assert.Equal("b.example", Assert.Single(demands.DefaultValidationContext.MatchTypedSubjectAltNames).Matcher.Exact);
        var stock = Tls(mesh.For(TestMesh.Envoy())); // to which nobody would give it
        Assert.Empty(stock.TlsCertificateSdsSecretConfigs);
        Assert.Equal("spiffe://nobody/nobody", Assert.Single(stock.ValidationContext.MatchTypedSubjectAltNames).Matcher.Exact);
    }

    private static CommonTlsContext Tls(Translated got) => got.Cluster("outbound|80||b.app.svc.cluster.local")
        .TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>().CommonTlsContext;

    private static TcpProxy Tcp(Protocol.Listener.FilterChain chain) => chain.Filters[^1].TypedConfig.Unpack<TcpProxy>();
}
