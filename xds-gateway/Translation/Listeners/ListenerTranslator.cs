using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Cors;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>Makes the outbound listeners: one per port on which HTTP is called, and one for everything else.</summary>
/// <remarks>
/// Those of single ports bind to no port: requests are handed to them by the port asked for. The CORS filter is there
/// only when a route needs it, and marked optional, as not every client knows it.
/// </remarks>
internal static class ListenerTranslator
{
    private const int CapturePort = 15001;

    public static Listener Outbound(ProxyView view, int port)
    {
        var name = $"0.0.0.0_{port}";
        var manager = HttpConnection.Common(view.Mesh.Settings, $"outbound_{name}");
        manager.Rds = new() { ConfigSource = ConfigSources.Ads(), RouteConfigName = $"{port}" };
        manager.HttpFilters.Add(HttpConnection.Filter(FilterNames.Fault, new HTTPFault()));
        if (view.VirtualServices.All.Any(v => HasCors(v.Spec)))
        {
            manager.HttpFilters.Add(HttpConnection.Filter(FilterNames.Cors, new Cors(), isOptional: true));
        }

        manager.HttpFilters.Add(HttpConnection.Router());
        return new Listener
        {
            Name = name,
            Address = Addresses.Of("0.0.0.0", port),
            BindToPort = false,
            TrafficDirection = TrafficDirection.Outbound,
            FilterChains = { new FilterChain { Filters = { HttpConnection.Pack(manager) } } },
        };
    }

    /// <summary>Takes what no other listener takes, and lets it through or not.</summary>
    public static Listener CatchAll(ProxyView view)
    {
        var cluster = view.OutboundMode is OutboundTrafficMode.RegistryOnly
            ? ClusterName.BlackHole
            : ClusterName.Passthrough;
        return new Listener
        {
            Name = "virtualOutbound",
            Address = Addresses.Of("0.0.0.0", CapturePort),
            UseOriginalDst = true,
            TrafficDirection = TrafficDirection.Outbound,
            FilterChains =
            {
                new FilterChain
                {
                    Name = view.IsOnDemand ? OnDemand.Name : "virtualOutbound-catchall-tcp",
                    Filters =
                    {
                        new Filter
                        {
                            Name = FilterNames.TcpProxy,
                            TypedConfig = Any.Pack(new TcpProxy { StatPrefix = cluster, Cluster = cluster }),
                        },
                    },
                },
            },
        };
    }

    private static bool HasCors(VirtualService service) => service.Http.Any(rule => rule.CorsPolicy is not null);
}
