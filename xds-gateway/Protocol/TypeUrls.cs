using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace MeshOrleans.Xds.Protocol;

/// <summary>The type URLs that travel in <c>DiscoveryRequest.type_url</c> and in <c>Any.type_url</c>.</summary>
public static class TypeUrls
{
    /// <summary>What stands before the full message name in every type URL.</summary>
    public const string Prefix = "type.googleapis.com/";

    /// <summary>CDS.</summary>
    public const string Cluster = Prefix + "envoy.config.cluster.v3.Cluster";

    /// <summary>EDS.</summary>
    public const string ClusterLoadAssignment = Prefix + "envoy.config.endpoint.v3.ClusterLoadAssignment";

    /// <summary>LDS.</summary>
    public const string Listener = Prefix + "envoy.config.listener.v3.Listener";

    /// <summary>RDS.</summary>
    public const string RouteConfiguration = Prefix + "envoy.config.route.v3.RouteConfiguration";

    /// <summary>SDS.</summary>
    public const string Secret = Prefix + "envoy.extensions.transport_sockets.tls.v3.Secret";

    /// <summary>NDS: the name table of the sidecar's DNS proxy.</summary>
    public const string NameTable = Prefix + "istio.networking.nds.v1.NameTable";

    /// <summary>Health of the workload, reported by the client.</summary>
    public const string HealthInformation = Prefix + "istio.v1.HealthInformation";

    /// <summary>
    /// Hosts that a workload calls for the first time, asked for by its sidecar on the delta method; this mesh's own.
    /// </summary>
    public const string HostDemand = Prefix + "mesh.v1.HostDemand";

    /// <summary>
    /// Who calls a workload without mesh mTLS, reported by its sidecar on the delta method; this mesh's own.
    /// </summary>
    public const string PlaintextCallers = Prefix + "mesh.v1.PlaintextCallers";

    /// <summary>Type URL of a message as it is packed into an <c>Any</c>.</summary>
    public static string Of(MessageDescriptor descriptor) => Prefix + descriptor.FullName;

    /// <summary>Type URL of a message as it is packed into an <c>Any</c>.</summary>
    public static string Of(IMessage message) => Of(message.Descriptor);
}
