using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Cors;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Listener;

namespace MeshOrleans.Xds.Translation;

/// <summary>Makes the outbound listeners: one per port on which HTTP is called.</summary>
/// <remarks>
/// They bind to no port: the sidecar hands requests to them by the port asked for. The CORS filter is there only when a
/// route needs it, and marked optional, as not every client knows it.
/// </remarks>
internal static class ListenerTranslator
{
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

    private static bool HasCors(VirtualService service) => service.Http.Any(rule => rule.CorsPolicy is not null);
}
