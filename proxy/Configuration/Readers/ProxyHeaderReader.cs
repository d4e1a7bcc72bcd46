using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.ProxyProtocol;
using Cluster = MeshOrleans.Xds.Protocol.Cluster.Cluster;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>
/// Whether the connections of a cluster begin with a header of the PROXY protocol: its transport sockets are wrapped.
/// </summary>
internal static class ProxyHeaderReader
{
    private static readonly string Wrapper = ProxyProtocolUpstreamTransport.Descriptor.FullName;

    /// <summary>The version; all sockets of a cluster must agree on it.</summary>
    public static ProxyHeaderVersion Read(Cluster cluster, FieldPath at)
    {
        var here = at.At("transport_socket_matches");
        if (cluster.TransportSocketMatches.Count == 0) return Version(cluster.TransportSocket, at.At("transport_socket"));
        var versions = cluster.TransportSocketMatches
            .Select((match, i) => Version(match.TransportSocket, here.At(i).At("transport_socket"))).Distinct().ToList();
        return versions is [var only]
            ? only
            : throw new UnusableResourceException(here, "the sockets do not agree on the PROXY protocol");
    }

    /// <summary>The socket without its wrapper.</summary>
    public static TransportSocket? Inner(TransportSocket? socket, FieldPath at) =>
        Config(socket, at) is { } wrapper
            ? wrapper.TransportSocket
                ?? throw new UnusableResourceException(at.At("typed_config").At("transport_socket"), "is required")
            : socket;

    private static ProxyHeaderVersion Version(TransportSocket? socket, FieldPath at) => Config(socket, at) switch
    {
        null => ProxyHeaderVersion.None,
        { Config.Version: ProxyProtocolConfig.Types.Version.V2 } => ProxyHeaderVersion.V2,
        { Config: null or { Version: ProxyProtocolConfig.Types.Version.V1 } } => ProxyHeaderVersion.V1,
        _ => throw new UnusableResourceException(at.At("typed_config").At("config").At("version"), "is not known"),
    };

    private static ProxyProtocolUpstreamTransport? Config(TransportSocket? socket, FieldPath at) =>
        socket?.TypedConfig is { } any && Any.GetTypeName(any.TypeUrl) == Wrapper
            ? CoreReader.Unpack<ProxyProtocolUpstreamTransport>(any, at.At("typed_config"))
            : null;
}
