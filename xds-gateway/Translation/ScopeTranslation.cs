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

    private ScopeTranslation(MeshIndex mesh, ProxyView view, ResourceSet resources) =>
        (_mesh, _view, Resources) = (mesh, view, resources);

    /// <summary>The resources; the very same object as before where nothing in the scope has changed.</summary>
    public ResourceSet Resources { get; }

    /// <summary>Translates everything.</summary>
    public static ScopeTranslation Of(MeshIndex mesh, ProxyScope scope)
    {
        var view = new ProxyView(mesh, scope);
        return new ScopeTranslation(mesh, view, SnapshotTranslator.Translate(view));
    }

    /// <summary>Translates what has changed.</summary>
    public ScopeTranslation After(MeshIndex mesh)
    {
        if (!mesh.HasSameFacts(_mesh)) return Of(mesh, _view.Scope);
        var view = _view.On(mesh);
        var resources = Resources;
        if (!mesh.HasSameRoutes(_mesh))
        {
            // a route may bring services into the sight of a narrowed scope
            if (!view.Services.SequenceEqual(_view.Services)) return Of(mesh, _view.Scope);
            resources = resources.WithRoutes(SnapshotTranslator.Listeners(view), SnapshotTranslator.Routes(view));
        }

        var (clusters, endpoints) = ChangedClusters(view);
        return new ScopeTranslation(
            mesh,
            view,
            resources.WithClusters(resources.Clusters.With(clusters), resources.Endpoints.With(endpoints)));
    }

    private (Dictionary<string, EncodedResource?> Clusters, Dictionary<string, EncodedResource?> Endpoints)
        ChangedClusters(ProxyView view)
    {
        var clusters = new Dictionary<string, EncodedResource?>(StringComparer.Ordinal);
        var endpoints = new Dictionary<string, EncodedResource?>(StringComparer.Ordinal);
        foreach (var service in view.Mesh.ChangedSince(_mesh, _view.Services))
        {
            if (!ReferenceEquals(view.FindService(service.Host), service)) continue;
            foreach (var cluster in OutboundCluster.Of(view, service))
            {
                clusters[cluster.Name] = EncodedResource.Of(cluster.Name, ClusterTranslator.Outbound(view, cluster));
                endpoints[cluster.Name] = cluster.HasEndpoints
                    ? EncodedResource.Of(cluster.Name, ClusterLoadAssignmentTranslator.Translate(view, cluster))
                    : null;
            }
        }

        return (clusters, endpoints);
    }
}
