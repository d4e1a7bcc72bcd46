using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Translation;

/// <summary>
/// What every translation of one snapshot needs: its services and its policies by namespace, oldest first. Made once
/// per snapshot and shared by all scopes.
/// </summary>
internal sealed class MeshIndex
{
    private static readonly ConditionalWeakTable<MeshSnapshot, MeshIndex> Known = [];

    private MeshIndex(MeshSnapshot snapshot)
    {
        Settings = MeshSettings.From(snapshot);
        Registry = ServiceRegistry.From(snapshot);
        VirtualServices = [.. OldestFirst<VirtualService>(snapshot).Where(v => IsForSidecars(v.Spec))];
        DestinationRules = ByNamespace<DestinationRule>(snapshot);
        PeerAuthentications = ByNamespace<PeerAuthentication>(snapshot);
        AuthorizationPolicies = ByNamespace<AuthorizationPolicy>(snapshot);
        Sidecars = ByNamespace<Sidecar>(snapshot);
    }

    public MeshSettings Settings { get; }

    public ServiceRegistry Registry { get; }

    /// <summary>Those that bind to the sidecars, oldest first.</summary>
    public ImmutableArray<Sourced<VirtualService>> VirtualServices { get; }

    public ILookup<string, Sourced<DestinationRule>> DestinationRules { get; }

    public ILookup<string, Sourced<PeerAuthentication>> PeerAuthentications { get; }

    public ILookup<string, Sourced<AuthorizationPolicy>> AuthorizationPolicies { get; }

    public ILookup<string, Sourced<Sidecar>> Sidecars { get; }

    /// <summary>
    /// The index of a snapshot. A snapshot never changes, so its index may be kept as long as it lives.
    /// </summary>
    public static MeshIndex Of(MeshSnapshot snapshot) => Known.GetValue(snapshot, static s => new MeshIndex(s));

    /// <summary>Without hosts it is only a part of another one (a delegate).</summary>
    private static bool IsForSidecars(VirtualService service) =>
        !service.Hosts.IsEmpty
        && (service.Gateways.IsEmpty || service.Gateways.Contains(HttpRouteTranslator.MeshGateway));

    private static ILookup<string, Sourced<TSpec>> ByNamespace<TSpec>(MeshSnapshot snapshot)
        where TSpec : ConfigSpec =>
        OldestFirst<TSpec>(snapshot).ToLookup(s => s.Resource.Key.Namespace, StringComparer.Ordinal);

    private static IEnumerable<Sourced<TSpec>> OldestFirst<TSpec>(MeshSnapshot snapshot)
        where TSpec : ConfigSpec =>
        from pair in snapshot.Of<TSpec>()
        orderby pair.Resource.CreatedRevision, pair.Resource.CreatedOrdinal, pair.Resource.Key
        select new Sourced<TSpec>(pair.Resource, pair.Spec);
}
