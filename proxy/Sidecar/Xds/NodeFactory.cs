using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Patches;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>How this sidecar introduces itself; the same message registers its workload.</summary>
internal sealed class NodeFactory
{
    private readonly Node _node;

    /// <param name="settings">Who it is.</param>
    /// <param name="inboundPorts">Workload port to the port that is really bound for it.</param>
    public NodeFactory(SidecarSettings settings, IReadOnlyDictionary<int, int> inboundPorts)
    {
        var locality = MeshOrleans.Model.Topology.Locality.Parse(settings.Locality);
        _node = new Node
        {
            Id = settings.NodeId,
            Cluster = $"{settings.WorkloadName}.{settings.Namespace}",
            UserAgentName = "mesh-sidecar",
            UserAgentVersion = Version,
            Locality = new() { Region = locality.Region, Zone = locality.Zone, SubZone = locality.SubZone },
            Metadata = Metadata(settings, inboundPorts),
        };
    }

    public static string Version { get; } = typeof(NodeFactory).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <param name="request">The staged certificate request (DER), where it belongs into the message.</param>
    public Node Create(byte[]? request = null)
    {
        var node = _node.Clone();
        if (request is not null) node.Metadata.Fields["MESH_CSR"] = Value.ForString(Convert.ToBase64String(request));
        return node;
    }

    private static Struct Metadata(SidecarSettings settings, IReadOnlyDictionary<int, int> inboundPorts)
    {
        var metadata = new Struct
        {
            Fields =
            {
                ["NAMESPACE"] = Value.ForString(settings.Namespace),
                ["SERVICE_ACCOUNT"] = Value.ForString(settings.ServiceAccount),
                ["WORKLOAD_NAME"] = Value.ForString(settings.WorkloadName),
                ["LABELS"] = Value.ForStruct(Texts(settings.Labels)),
                ["ISTIO_VERSION"] = Value.ForString($"mesh-orleans-{Version}"),
                [OnDemand.Metadata] = Value.ForString("true"),
                [ResourcePatches.Metadata] = Value.ForString("true"),
                ["INSTANCE_IPS"] = Value.ForString(settings.Address),
            },
        };
        if (settings.Network.Length > 0) metadata.Fields["NETWORK"] = Value.ForString(settings.Network);
        if (settings.ClusterId.Length > 0) metadata.Fields["CLUSTER_ID"] = Value.ForString(settings.ClusterId);
        metadata.Fields["MESH_WORKLOAD"] = Value.ForStruct(Workload(settings, inboundPorts));
        return metadata;
    }

    private static Struct Workload(SidecarSettings settings, IReadOnlyDictionary<int, int> inboundPorts)
    {
        var (ports, inbound) = (new Struct(), new Struct());
        foreach (var port in settings.AppPorts)
        {
            ports.Fields[port.Name] = Value.ForNumber(port.Port);
            inbound.Fields[$"{port.Port}"] = Value.ForNumber(inboundPorts[port.Port]);
        }

        return new Struct
        {
            Fields =
            {
                ["address"] = Value.ForString(settings.Address),
                ["ports"] = Value.ForStruct(ports),
                ["inboundPorts"] = Value.ForStruct(inbound),
                ["weight"] = Value.ForNumber(settings.Weight),
                ["leaseSeconds"] = Value.ForNumber(settings.Lease.TotalSeconds),
                ["group"] = Value.ForString(settings.Group),
            },
        };
    }

    private static Struct Texts(ImmutableSortedDictionary<string, string> texts)
    {
        var result = new Struct();
        foreach (var (key, value) in texts) result.Fields[key] = Value.ForString(value);
        return result;
    }
}
