using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Policies;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>
/// Makes the listeners: one per name that a client may dial, and one per address that a server may bind.
/// </summary>
/// <remarks>
/// A server asks for the address it has bound, wildcard included, so each port is there under several names. gRPC does
/// not look at the first bytes of a connection: PERMISSIVE is plaintext for it, as it is with Istio.
/// </remarks>
internal static class ProxylessListener
{
    /// <summary>What stands before the address in a server's listener; bootstraps say the same.</summary>
    public const string ServerPrefix = "xds.istio.io/grpc/lds/inbound/";

    private static readonly string[] AnyAddress = ["0.0.0.0", "::"];

    public static IEnumerable<Listener> ForClients(ProxylessTarget target)
    {
        var manager = Any.Pack(new HttpConnectionManager
        {
            Rds = new() { ConfigSource = ConfigSources.Ads(), RouteConfigName = target.Name },
            HttpFilters = { HttpConnection.Filter(FilterNames.Fault, new HTTPFault()), HttpConnection.Router() },
        });
        return target.DialNames.Select(name => new Listener
        {
            Name = name,
            ApiListener = new() { ApiListener_ = manager },
        });
    }

    public static IEnumerable<Listener> ForServers(ProxyView view)
    {
        var own = view.Scope.BindAddress;
        foreach (var port in InboundPort.Of(view))
        {
            var chain = Chain(view, port);
            foreach (var address in own.Length > 0 ? [.. AnyAddress, own] : AnyAddress)
            {
                yield return Server(address, port.Number, chain);
            }
        }
    }

    private static Listener Server(string address, int port, FilterChain chain) => new()
    {
        Name = ServerPrefix + (address.Contains(':') ? $"[{address}]:{port}" : $"{address}:{port}"),
        Address = Addresses.Of(address, port),
        TrafficDirection = TrafficDirection.Inbound,
        FilterChains = { chain },
    };

    /// <summary>
    /// The one chain. With TLS its filter reads otherwise than without: grpc-js-xds 1.14.1 takes chains for equal by
    /// their filters, and would ignore that TLS is gone, and end when it comes.
    /// </summary>
    private static FilterChain Chain(ProxyView view, InboundPort port)
    {
        var mode = AuthenticationScope.ModeOf(view.Mesh, view.Scope.Namespace, view.Scope.Labels, port.Number);
        var isTls = mode is MutualTlsMode.Strict;
        var manager = new HttpConnectionManager
        {
            StatPrefix = $"inbound_{port.Number}_{(isTls ? "tls" : "plaintext")}",
            RouteConfig = Routes(port),
        };
        manager.HttpFilters.AddRange(ProxylessRbac.Adapt(RbacTranslator.HttpFilters(view)));
        manager.HttpFilters.Add(HttpConnection.Router());
        return new FilterChain
        {
            Name = $"inbound|{port.Number}",
            Filters = { HttpConnection.Pack(manager) },
            TransportSocket = isTls ? ProxylessTls.Downstream() : null,
        };
    }

    private static RouteConfiguration Routes(InboundPort port) => new()
    {
        Name = ClusterName.Inbound(port.Number),
        VirtualHosts =
        {
            new VirtualHost
            {
                Name = $"inbound|{port.Number}",
                Domains = { "*" },
                Routes =
                {
                    new Route
                    {
                        Match = new RouteMatch { Prefix = "/" },
                        NonForwardingAction = new NonForwardingAction(),
                    },
                },
            },
        },
    };
}
