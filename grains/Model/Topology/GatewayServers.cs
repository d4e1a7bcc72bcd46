using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Topology;

/// <summary>What a server of a Gateway asks of the proxies that open it.</summary>
public static class GatewayServers
{
    /// <summary>The address that stands for all of a machine.</summary>
    public const string AnyAddress = "0.0.0.0";

    /// <summary>What is spoken on its port. A protocol that nobody knows is bytes.</summary>
    public static EdgeKind KindOf(NamedPort port) => port.Protocol.ToUpperInvariant() switch
    {
        "HTTP" or "HTTP2" or "GRPC" or "GRPC-WEB" => EdgeKind.Http,
        "HTTPS" or "TLS" => EdgeKind.Tls,
        _ => EdgeKind.Tcp,
    };

    /// <summary>The address of its socket; empty means all, however that is written.</summary>
    public static string BindOf(GatewayServer server) => server.Bind is AnyAddress ? "" : server.Bind;

    /// <summary>Whether an older server keeps a younger one from a port that both want.</summary>
    /// <remarks>Source: Istio, MergeGateways: the first server of a port decides what is spoken on it.</remarks>
    public static bool Excludes(EdgeKind older, EdgeKind younger) => older != younger || older is EdgeKind.Tcp;
}
