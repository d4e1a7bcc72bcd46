using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>Says where a TLSRoute or TCPRoute leads, in the words of a VirtualService.</summary>
/// <remarks>
/// A backend that does not exist keeps its share, whose connections are closed; one of weight 0 gets nothing. Only the
/// first rule can be reached, as rules have no conditions. Source: Gateway API, TLSRouteRule.backendRefs.
/// </remarks>
/// <param name="places">The services and grants.</param>
/// <param name="isGranted">Whether services of other namespaces may be named without a grant.</param>
internal sealed class ConnectionComposer(AttachmentPlaces places, bool isGranted)
{
    /// <summary>Where connections that ask for some names go.</summary>
    public TlsRoute ByName(ConfigKey key, ConnectionRoute route, ImmutableArray<string> names, int? port) =>
        new([new L4Match { SniHosts = names, Port = port }], Destinations(key, route));

    /// <summary>Where all connections go.</summary>
    public TcpRoute Whole(ConfigKey key, ConnectionRoute route, int? port) =>
        new([new L4Match { Port = port }], Destinations(key, route));

    private ImmutableArray<WeightedDestination> Destinations(ConfigKey key, ConnectionRoute route) =>
    [
        .. from backend in route.Rules.FirstOrDefault()?.Backends ?? []
           where backend.Weight > 0
           let found = BackendResolver.Find(backend, key, places, isGranted)
           select new WeightedDestination(found.Destination, backend.Weight),
    ];
}
