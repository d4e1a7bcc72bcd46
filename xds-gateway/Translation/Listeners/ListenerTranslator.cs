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
    public const int CapturePort = 15001;

    public static Listener Outbound(ProxyView view, int port) => new()
    {
        Name = NameOf(port),
        Address = Addresses.Of("0.0.0.0", port),
        BindToPort = false,
        TrafficDirection = TrafficDirection.Outbound,
        FilterChains = { new FilterChain { Filters = { Http(view, port) } } },
    };

    /// <summary>The name of the listener for a port on whatever address.</summary>
    public static string NameOf(int port) => $"0.0.0.0_{port}";

    /// <summary>The filter for requests on a port.</summary>
    public static Filter Http(ProxyView view, int port)
    {
        var manager = HttpConnection.Common(view.Mesh.Settings, $"outbound_{NameOf(port)}");
        manager.Rds = new() { ConfigSource = ConfigSources.Ads(view.Scope), RouteConfigName = $"{port}" };
        manager.HttpFilters.Add(HttpConnection.Filter(FilterNames.Fault, new HTTPFault()));
        if (view.VirtualServices.All.Any(v => HasCors(v.Spec)))
        {
            manager.HttpFilters.Add(HttpConnection.Filter(FilterNames.Cors, new Cors(), isOptional: true));
        }

        if (LaneFilter.Of(view) is { } lanes) manager.HttpFilters.Add(lanes);
        manager.HttpFilters.Add(HttpConnection.Router());
        return HttpConnection.Pack(manager);
    }

    /// <summary>Where goes what nobody knows: through, or nowhere.</summary>
    public static string Fallback(ProxyView view) => view.OutboundMode is OutboundTrafficMode.RegistryOnly
        ? ClusterName.BlackHole
        : ClusterName.Passthrough;

    /// <summary>Forwards the bytes of connections to one cluster.</summary>
    public static Filter Tcp(string cluster) => new()
    {
        Name = FilterNames.TcpProxy,
        TypedConfig = Any.Pack(new TcpProxy { StatPrefix = cluster, Cluster = cluster }),
    };

    /// <summary>Takes what no other listener takes, and lets it through or not.</summary>
    public static Listener CatchAll(ProxyView view)
    {
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
                    Filters = { Tcp(Fallback(view)) },
                },
            },
        };
    }

    private static bool HasCors(VirtualService service) => service.Http.Any(rule => rule.CorsPolicy is not null);
}
