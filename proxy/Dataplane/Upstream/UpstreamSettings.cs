using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Everything of a cluster that its connections depend on. A change of it makes new connections.</summary>
internal sealed record UpstreamSettings(
    string Cluster,
    UpstreamTlsModel Tls,
    ConnectionModel Connection,
    ProxyHeaderVersion Header,
    bool IsApplication,
    bool ByName)
{
    public static UpstreamSettings Of(ClusterModel model) => new(
        model.Name,
        model.Tls,
        model.Connection,
        model.Header,
        model.IsApplication,
        model.Kind is ClusterKind.OriginalDestination);
}
