namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>The names under which Envoy knows its filters.</summary>
internal static class FilterNames
{
    public const string HttpConnectionManager = "envoy.filters.network.http_connection_manager";
    public const string TcpProxy = "envoy.filters.network.tcp_proxy";
    public const string NetworkRbac = "envoy.filters.network.rbac";
    public const string HttpInspector = "envoy.filters.listener.http_inspector";
    public const string OriginalDst = "envoy.filters.listener.original_dst";
    public const string TlsInspector = "envoy.filters.listener.tls_inspector";
    public const string Rbac = "envoy.filters.http.rbac";
    public const string ExtAuthz = "envoy.filters.http.ext_authz";
    public const string Jwt = "envoy.filters.http.jwt_authn";
    public const string Fault = "envoy.filters.http.fault";
    public const string Cors = "envoy.filters.http.cors";
    public const string HeaderToMetadata = "envoy.filters.http.header_to_metadata";
    public const string RateLimit = "mesh.filters.http.rate_limit";
    public const string Router = "envoy.filters.http.router";
}
