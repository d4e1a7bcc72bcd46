using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Everything of a cluster that its connections depend on. A change of it makes new connections.</summary>
internal sealed record UpstreamSettings(
    UpstreamTlsModel Tls, TimeSpan ConnectTimeout, TimeSpan IdleTimeout, int MaxRequestsPerConnection, bool ByName)
{
    public static UpstreamSettings Of(ClusterModel model) => new(
        model.Tls,
        model.ConnectTimeout,
        model.IdleTimeout,
        model.MaxRequestsPerConnection,
        model.Kind is ClusterKind.OriginalDestination);
}
