using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Routing;
using MeshOrleans.Model.Routing.GatewayApi;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>
/// What every translation of one snapshot needs: its services and its policies by namespace, oldest first. Made once
/// per snapshot and shared by all scopes.
/// </summary>
public sealed class MeshIndex
{
    private static readonly ConditionalWeakTable<MeshSnapshot, MeshIndex> Known = [];

    private readonly object _routes; // the same in those between which no route differs
    private readonly WeakReference<MeshIndex>? _before;
    private readonly ConcurrentDictionary<string, VisibleRoutes> _routesFor;
    private readonly Lazy<ILookup<string, Service>> _byAddress;
    private readonly Lazy<ImmutableArray<IPNetwork>> _networks;
    private readonly AttachmentPlaces _places;

    private MeshIndex(MeshSnapshot snapshot)
    {
        (Facts, _routes) = (new object(), new object());
        _routesFor = new(StringComparer.Ordinal);
        Settings = MeshSettings.From(snapshot);
        Registry = ServiceRegistry.From(snapshot);
        var services = Registry.Services; // and no more: what comes from this index shares the answer
        _byAddress = new(() => ByAddress(services));
        _networks = new(() => NetworksIn(_byAddress.Value));
        _places = AttachmentPlaces.Of(snapshot, Registry);
        (VirtualServices, GatewayRoutes) = RoutesOf(snapshot);
        (ServiceRoutes, ListenerRoutes) = AttachedRoutesOf(snapshot, _places);
        Gateways =
        [
            .. OldestFirst<Gateway>(snapshot)
                .Concat(ListenerServers.Compose(_places).Select(s => new Sourced<Gateway>(s.Resource, s.Spec)))
                .OrderBy(gateway => gateway.Resource, ConfigResource.ByAge),
        ];
        DestinationRules = ByNamespace<DestinationRule>(snapshot);
        HealthChecks = ByNamespace<HealthCheck>(snapshot);
        Lanes = LaneDirectory.Of(snapshot);
        PeerAuthentications = ByNamespace<PeerAuthentication>(snapshot);
        RequestAuthentications = ByNamespace<RequestAuthentication>(snapshot);
        AuthorizationPolicies = ByNamespace<AuthorizationPolicy>(snapshot);
        RateLimits = ByNamespace<RateLimit>(snapshot);
        Sidecars = ByNamespace<Sidecar>(snapshot);
        KeySets = snapshot.KeySets;
    }

    private MeshIndex(MeshIndex before, MeshSnapshot snapshot, MeshChange change)
    {
        (Facts, _before) = (before.Facts, new WeakReference<MeshIndex>(before));
        _routes = change.HasRoutes ? new object() : before._routes;
        Settings = before.Settings;
        Registry = before.Registry.After(snapshot, change.Members);
        (VirtualServices, GatewayRoutes) =
            change.HasRoutes ? RoutesOf(snapshot) : (before.VirtualServices, before.GatewayRoutes);
        _places = before._places.On(Registry);
        (ServiceRoutes, ListenerRoutes) = change.HasRoutes
            ? AttachedRoutesOf(snapshot, _places)
            : (before.ServiceRoutes, before.ListenerRoutes);
        Gateways = before.Gateways;
        _routesFor = change.HasRoutes ? new(StringComparer.Ordinal) : before._routesFor;
        (_byAddress, _networks) = (before._byAddress, before._networks);
        DestinationRules = before.DestinationRules;
        HealthChecks = before.HealthChecks;
        Lanes = before.Lanes;
        PeerAuthentications = before.PeerAuthentications;
        RequestAuthentications = before.RequestAuthentications;
        AuthorizationPolicies = before.AuthorizationPolicies;
        RateLimits = before.RateLimits;
        Sidecars = before.Sidecars;
        KeySets = before.KeySets;
    }

    /// <summary>
    /// Stands for everything but routes and the members of services: the very same object in all indexes between which
    /// nothing else differs.
    /// </summary>
    public object Facts { get; }

    internal MeshSettings Settings { get; }

    internal ServiceRegistry Registry { get; }

    /// <summary>Those that bind to the sidecars, oldest first.</summary>
    internal ImmutableArray<Sourced<VirtualService>> VirtualServices { get; }

    /// <summary>Those that name a gateway, oldest first; some bind to the sidecars too.</summary>
    internal ImmutableArray<Sourced<VirtualService>> GatewayRoutes { get; }

    /// <summary>What the routes of the Gateway API say of services: it counts before the VirtualServices of their hosts.</summary>
    internal ImmutableArray<ServiceRoutes> ServiceRoutes { get; }

    /// <summary>What the routes of the Gateway API say at listeners, by listener and host.</summary>
    internal ImmutableArray<Sourced<VirtualService>> ListenerRoutes { get; }

    /// <summary>What opens ports at the edge, oldest first.</summary>
    internal ImmutableArray<Sourced<Gateway>> Gateways { get; }

    internal ILookup<string, Sourced<DestinationRule>> DestinationRules { get; }

    internal ILookup<string, Sourced<HealthCheck>> HealthChecks { get; }

    internal LaneDirectory Lanes { get; }

    internal ILookup<string, Sourced<PeerAuthentication>> PeerAuthentications { get; }

    internal ILookup<string, Sourced<RequestAuthentication>> RequestAuthentications { get; }

    internal ILookup<string, Sourced<AuthorizationPolicy>> AuthorizationPolicies { get; }

    internal ILookup<string, Sourced<RateLimit>> RateLimits { get; }

    internal ILookup<string, Sourced<Sidecar>> Sidecars { get; }

    /// <summary>Fetched keys of issuers by the address that they come from.</summary>
    internal ImmutableSortedDictionary<string, string> KeySets { get; }

    /// <summary>
    /// The index of a snapshot. A snapshot never changes, so its index may be kept as long as it lives.
    /// </summary>
    public static MeshIndex Of(MeshSnapshot snapshot) => Known.GetValue(snapshot, static s => new MeshIndex(s));

    /// <summary>
    /// The index of a later snapshot, made from this one where the change allows it: in a time that depends on the
    /// namespaces of the members that changed, or on the routes.
    /// </summary>
    /// <param name="snapshot">What the mesh knows now.</param>
    /// <param name="change">Everything that differs.</param>
    public MeshIndex After(MeshSnapshot snapshot, MeshChange change) => change.HasOthers
        ? Of(snapshot)
        : Known.GetValue(snapshot, s => new MeshIndex(this, s, change));

    /// <summary>What the clients of a namespace that nothing narrows see of the routes; made once.</summary>
    internal VisibleRoutes RoutesFor(string clientNamespace) =>
        _routesFor.GetOrAdd(clientNamespace, static (ns, mesh) => new VisibleRoutes(mesh, ns), this);

    /// <summary>The services that have an address, or a network in its one spelling, whoever sees them.</summary>
    internal IEnumerable<Service> AtAddress(string address) => _byAddress.Value[address];

    /// <summary>The networks of services that an address is in, the longest first, whoever sees them.</summary>
    internal IEnumerable<string> NetworksOf(IPAddress address) => _networks.Value
        .Where(network => network.Contains(address))
        .Select(network => network.ToString());

    /// <summary>Whether everything but routes and the members of services is the same as in another index.</summary>
    internal bool HasSameFacts(MeshIndex other) => ReferenceEquals(Facts, other.Facts);

    /// <summary>Whether the routes are those of another index.</summary>
    internal bool HasSameRoutes(MeshIndex other) => ReferenceEquals(_routes, other._routes);

    /// <summary>
    /// Those of some services whose endpoints may differ from those in an earlier index that has the same facts.
    /// </summary>
    internal IEnumerable<Service> ChangedSince(MeshIndex before, IEnumerable<Service> services) =>
        ReferenceEquals(this, before) ? []
        : _before is not null && _before.TryGetTarget(out var known) && ReferenceEquals(known, before) ? Registry.Changed
        : services.Where(s => !Registry.HasSameMembers(s, before.Registry));

    private static ILookup<string, Service> ByAddress(ImmutableArray<Service> services) => services
        .SelectMany(service => service.Addresses, (service, address) => (Service: service, Address: address))
        .ToLookup(pair => OneSpelling(pair.Address), pair => pair.Service, StringComparer.Ordinal);

    private static ImmutableArray<IPNetwork> NetworksIn(ILookup<string, Service> byAddress) =>
    [
        .. byAddress.Where(group => group.Key.Contains('/'))
            .Select(group => IPNetwork.Parse(group.Key))
            .OrderByDescending(network => network.PrefixLength),
    ];

    private static string OneSpelling(string address) => address.Contains('/') ? Addresses.Canonical(address) : address;

    private static (ImmutableArray<Sourced<VirtualService>> Mesh, ImmutableArray<Sourced<VirtualService>> Gateways)
        RoutesOf(MeshSnapshot snapshot)
    {
        // a delegate is only a part of another one
        var all = OldestFirst<VirtualService>(snapshot)
            .Where(v => !RouteDelegation.IsDelegate(v.Spec))
            .Select(v => v with { Spec = RouteDelegation.Merge(v.Spec, v.Namespace, Find) })
            .ToList();
        return ([.. all.Where(v => v.Spec.IsForSidecars)], [.. all.Where(v => v.Spec.IsForGateways)]);

        VirtualService? Find(string ns, string name) =>
            snapshot.Config.GetValueOrDefault(new ConfigKey(nameof(VirtualService), ns, name))?.Spec as VirtualService;
    }

    private static (ImmutableArray<ServiceRoutes> Services, ImmutableArray<Sourced<VirtualService>> Listeners)
        AttachedRoutesOf(MeshSnapshot snapshot, AttachmentPlaces places)
    {
        var routes = RouteAge.OldestFirst(snapshot.Of<AttachedRoute>());
        var conflicts = RouteConflicts.Of(routes, places);
        return (
            Model.Routing.GatewayApi.ServiceRoutes.Compose(routes, places, conflicts),
            [
                .. Model.Routing.GatewayApi.ListenerRoutes.Compose(routes, places, conflicts)
                    .Select(r => new Sourced<VirtualService>(r.Source, r.Spec)),
            ]);
    }

    private static ILookup<string, Sourced<TSpec>> ByNamespace<TSpec>(MeshSnapshot snapshot)
        where TSpec : ConfigSpec =>
        OldestFirst<TSpec>(snapshot).ToLookup(s => s.Resource.Key.Namespace, StringComparer.Ordinal);

    private static IEnumerable<Sourced<TSpec>> OldestFirst<TSpec>(MeshSnapshot snapshot)
        where TSpec : ConfigSpec =>
        from pair in snapshot.Of<TSpec>().OrderBy(p => p.Resource, ConfigResource.ByAge)
        select new Sourced<TSpec>(pair.Resource, pair.Spec);
}
