namespace MeshOrleans.Xds.Translation;

/// <summary>
/// The resources of one proxy scope, and what it takes to bring them to a later picture of the mesh: when members of
/// services have changed, the clusters of those services are made again, and nothing else.
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
        var clusters = new Dictionary<string, EncodedResource?>(StringComparer.Ordinal);
        var endpoints = new Dictionary<string, EncodedResource?>(StringComparer.Ordinal);
        foreach (var service in mesh.ChangedSince(_mesh, _view.Services))
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

        return new ScopeTranslation(
            mesh, view, Resources.With(Resources.Clusters.With(clusters), Resources.Endpoints.With(endpoints)));
    }
}
