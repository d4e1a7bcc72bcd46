using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Edge;
using MeshOrleans.Xds.Translation.Envoy;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Names;
using MeshOrleans.Xds.Translation.Proxyless;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation;

/// <summary>
/// The resources of one proxy scope, and what it takes to bring them to a later picture of the mesh: when members of
/// services have changed, the clusters of those services are made again; when routes have, the listeners and the routes.
/// </summary>
/// <remarks>Immutable. What comes of it is the same as a translation from scratch, byte for byte.</remarks>
public sealed class ScopeTranslation
{
    private readonly MeshIndex _mesh;
    private readonly ProxyView _view;

    private readonly Lazy<ResourceGroup> _names;

    private ScopeTranslation(MeshIndex mesh, ProxyView view, ResourceSet resources, ResourceGroup? names = null)
    {
        (_mesh, _view, Resources) = (mesh, view, resources);
        _names = names is null ? new(() => NameTableTranslator.Translate(view)) : new(names);
    }

    /// <summary>The resources; the very same object as before where nothing in the scope has changed.</summary>
    public ResourceSet Resources { get; }

    /// <summary>The table of names. Few ask for it, so it is made for the first that does.</summary>
    public ResourceGroup Names => _names.Value;

    private bool IsEnvoy => _view.Scope.Mode is ProxyMode.Envoy;

    private bool IsGateway => _view.Scope.Mode is ProxyMode.Gateway;

    private bool IsProxyless => _view.Scope.Mode is ProxyMode.Proxyless;

    /// <summary>Translates everything.</summary>
    public static ScopeTranslation Of(MeshIndex mesh, ProxyScope scope)
    {
        var view = new ProxyView(mesh, scope);
        return new ScopeTranslation(mesh, view, SnapshotTranslator.Translate(view));
    }

    /// <summary>Translates what has changed.</summary>
    public ScopeTranslation After(MeshIndex mesh)
    {
        var next = Next(mesh);
        if (!_names.IsValueCreated) return next;

        // somebody follows the table of names, and is to see when that alone has changed
        var names = MayNameOtherwise(next._view) ? next.Names : Names;
        var isHidden = names.VersionInfo != Names.VersionInfo && ReferenceEquals(next.Resources, Resources);
        return new ScopeTranslation(mesh, next._view, isHidden ? Resources with { } : next.Resources, names);
    }

    private bool MayNameOtherwise(ProxyView view) =>
        !view.Mesh.HasSameFacts(_mesh)
        || !view.Services.SequenceEqual(_view.Services)
        || Changed(view).Any(NameTableTranslator.NamesMembers);

    private ScopeTranslation Next(MeshIndex mesh)
    {
        if (!mesh.HasSameFacts(_mesh)) return Anew(mesh);
        var view = _view.On(mesh);
        var resources = Resources;
        if (!mesh.HasSameRoutes(_mesh) && !HasSameRoutes(view))
        {
            // a gRPC program has a cluster for every name that a route leads to
            if (IsProxyless) return new ScopeTranslation(mesh, view, Replace(SnapshotTranslator.Translate(view)));

            // a route may bring services into the sight of a narrowed scope
            if (!view.Services.SequenceEqual(_view.Services)) return Anew(mesh);
            resources = resources.WithRoutes(SnapshotTranslator.Listeners(view), SnapshotTranslator.Routes(view));
        }

        // what a stock Envoy takes for a connection to some services goes by who their members are; what a gateway opens
        // to other networks has clusters of its own
        if ((IsEnvoy && Changed(view).Any(EnvoyOutbound.NamesMembers)) || (IsGateway && EdgeTranslator.OpensClusters(view)))
        {
            return new ScopeTranslation(mesh, view, Replace(SnapshotTranslator.Translate(view)));
        }

        var (clusters, endpoints) = ChangedClusters(view);
        return new ScopeTranslation(
            mesh,
            view,
            resources.WithClusters(resources.Clusters.With(clusters), resources.Endpoints.With(endpoints)));
    }

    // Most of what changes somewhere changes nothing here, and who follows is to see that.
    private ScopeTranslation Anew(MeshIndex mesh)
    {
        var next = Of(mesh, _view.Scope);
        return new ScopeTranslation(mesh, next._view, Replace(next.Resources));
    }

    // The routes that differ are nothing to this scope. At the edge those count that name a gateway: all are looked at.
    private bool HasSameRoutes(ProxyView view) =>
        !IsGateway
        && view.VirtualServices.IsSameAs(_view.VirtualServices)
        && view.Services.SequenceEqual(_view.Services);

    private (Dictionary<string, EncodedResource?> Clusters, Dictionary<string, EncodedResource?> Endpoints)
        ChangedClusters(ProxyView view)
    {
        var clusters = new Dictionary<string, EncodedResource?>(StringComparer.Ordinal);
        var endpoints = new Dictionary<string, EncodedResource?>(StringComparer.Ordinal);
        foreach (var service in Changed(view))
        {
            foreach (var cluster in OutboundCluster.Of(view, service))
            {
                (clusters[cluster.Name], endpoints[cluster.Name]) = Encode(view, cluster);
            }
        }

        return (clusters, endpoints);
    }

    /// <summary>The services in sight whose members may have changed.</summary>
    private IEnumerable<Service> Changed(ProxyView view) =>
        view.Mesh.ChangedSince(_mesh, _view.Services)
            .Select(s => view.FindService(s.Host) is { } seen && seen.Namespace == s.Namespace ? seen : null)
            .OfType<Service>();

    private (EncodedResource Cluster, EncodedResource? Endpoints) Encode(ProxyView view, OutboundCluster source) =>
        IsEnvoy
            ? (EncodedResource.Of(source.Name, EnvoyCluster.Translate(view, source)),
                EnvoyCluster.Endpoints(view, source) is { } members ? EncodedResource.Of(source.Name, members) : null)
        : IsProxyless
            ? (EncodedResource.Of(source.Name, ProxylessCluster.Translate(view, source)),
                EncodedResource.Of(source.Name, ProxylessCluster.Endpoints(view, source)))
            : (EncodedResource.Of(source.Name, ClusterTranslator.Outbound(view, source)),
                source.HasEndpoints
                    ? EncodedResource.Of(source.Name, ClusterLoadAssignmentTranslator.Translate(view, source))
                    : null);

    /// <summary>Another set; groups that are what they were stay the very same.</summary>
    private ResourceSet Replace(ResourceSet all) =>
        Resources.WithClusters(all.Clusters, all.Endpoints).WithRoutes(all.Listeners, all.Routes);
}
