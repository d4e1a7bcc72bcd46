using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class ListenerTranslatorTests
{
    [Fact]
    public void Outbound_listeners_bind_to_no_port_and_ask_for_their_routes()
    {
        var listener = TestMesh.With("").For().Listener("0.0.0.0_80");

        var manager = listener.FilterChains[0].Filters[0].TypedConfig.Unpack<HttpConnectionManager>();
        Assert.Equal((80u, false), (listener.Address.SocketAddress.PortValue, listener.BindToPort!.Value));
        Assert.Equal("80", manager.Rds.RouteConfigName);
        Assert.Equal(["envoy.filters.http.fault", "envoy.filters.http.router"], manager.HttpFilters.Select(f => f.Name));
        Assert.True(manager.NormalizePath);
    }

    [Theory]
    [InlineData("ALLOW_ANY", "PassthroughCluster")]
    [InlineData("REGISTRY_ONLY", "BlackHoleCluster")]
    public void What_no_listener_takes_is_let_through_or_refused(string mode, string cluster)
    {
        var mesh = TestMesh.With($$"""
            kind: MeshConfig
            apiVersion: mesh.orleans.io/v1
            metadata: { name: default, namespace: istio-system }
            spec: { outboundTrafficPolicy: { mode: {{mode}} } }
            """);

        var listener = mesh.For().Listener("virtualOutbound");

        Assert.True(listener.UseOriginalDst);
        Assert.Equal(cluster, listener.FilterChains[0].Filters[0].TypedConfig.Unpack<TcpProxy>().Cluster);
    }

    [Fact]
    public void The_CORS_filter_is_there_when_a_route_needs_it()
    {
        var translated = TestMesh.With("""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: b }
            spec:
              hosts: [ b ]
              http: [ { corsPolicy: { allowOrigins: [ { exact: "https://x.example" } ], maxAge: 1h }, route: [ { destination: { host: b } } ] } ]
            """).For();

        var filters = translated.Listener("0.0.0.0_80").FilterChains[0].Filters[0].TypedConfig.Unpack<HttpConnectionManager>().HttpFilters;
        Assert.Equal(
            [("envoy.filters.http.fault", false), ("envoy.filters.http.cors", true), ("envoy.filters.http.router", false)],
            filters.Select(f => (f.Name, f.IsOptional)));
        var policy = translated.RoutesOfB[0].TypedPerFilterConfig["envoy.filters.http.cors"].Unpack<Protocol.Cors.CorsPolicy>();
        Assert.Equal(("https://x.example", "3600"), (policy.AllowOriginStringMatch[0].Exact, policy.MaxAge));
    }
}
