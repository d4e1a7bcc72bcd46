using Google.Protobuf.Reflection;

namespace MeshOrleans.Xds.Protocol;

/// <summary>Every message that can be packed into an <c>Any</c>: what a JSON formatter or parser has to know.</summary>
public static class XdsTypes
{
    /// <summary>
    /// Registry for <see cref="Google.Protobuf.JsonFormatter"/> and <see cref="Google.Protobuf.JsonParser"/>.
    /// </summary>
    public static TypeRegistry Registry { get; } = TypeRegistry.FromFiles(
        Cluster.ClusterReflection.Descriptor,
        Cors.CorsReflection.Descriptor,
        Discovery.DiscoveryReflection.Descriptor,
        Endpoint.EndpointReflection.Descriptor,
        Fault.FaultReflection.Descriptor,
        Hcm.HcmReflection.Descriptor,
        HeaderMetadata.HeaderToMetadataReflection.Descriptor,
        HttpRbac.HttpRbacReflection.Descriptor,
        Inspector.HttpInspectorReflection.Descriptor,
        Inspector.OriginalDstReflection.Descriptor,
        Inspector.TlsInspectorReflection.Descriptor,
        Istio.IstioHealthReflection.Descriptor,
        Istio.IstioNdsReflection.Descriptor,
        Jwt.JwtAuthnReflection.Descriptor,
        Lanes.LanesReflection.Descriptor,
        Limits.RateLimitReflection.Descriptor,
        Listener.ListenerReflection.Descriptor,
        NetworkRbac.NetworkRbacReflection.Descriptor,
        ProxyProtocol.ProxyProtocolReflection.Descriptor,
        RawBuffer.RawBufferReflection.Descriptor,
        Retry.PreviousHostsReflection.Descriptor,
        Retry.PreviousPrioritiesReflection.Descriptor,
        Route.RouteReflection.Descriptor,
        Router.RouterReflection.Descriptor,
        TcpProxy.TcpProxyReflection.Descriptor,
        Tls.TlsReflection.Descriptor,
        Upstream.UpstreamReflection.Descriptor,
        UriTemplate.UriTemplateReflection.Descriptor);
}
