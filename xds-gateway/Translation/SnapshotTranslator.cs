using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Translation;

/// <summary>Turns what the mesh knows into what one proxy needs.</summary>
/// <remarks>Pure: equal inputs give equal bytes on every machine, in whatever order the mesh learnt its facts.</remarks>
public static class SnapshotTranslator
{
    /// <summary>All resources of a proxy scope, secrets apart.</summary>
    public static ResourceSet Translate(TranslationInput input) => new(
        ResourceGroup.Of<Cluster>(TypeUrls.Cluster, [], cluster => cluster.Name),
        ResourceGroup.Of<ClusterLoadAssignment>(TypeUrls.ClusterLoadAssignment, [], assignment => assignment.ClusterName),
        ResourceGroup.Of<Listener>(TypeUrls.Listener, [], listener => listener.Name),
        ResourceGroup.Of<RouteConfiguration>(TypeUrls.RouteConfiguration, [], routes => routes.Name));
}
