using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Xds.Translation.Resources;

/// <summary>
/// What one proxy scope gets, secrets apart: those depend on the stream's authenticated identity, see
/// <see cref="Tls.SecretTranslator"/>.
/// </summary>
/// <param name="Clusters">CDS.</param>
/// <param name="Endpoints">EDS: one assignment per cluster that asks for it.</param>
/// <param name="Listeners">LDS.</param>
/// <param name="Routes">RDS: one configuration per listener that asks for it.</param>
public sealed record ResourceSet(
    ResourceGroup Clusters,
    ResourceGroup Endpoints,
    ResourceGroup Listeners,
    ResourceGroup Routes)
{
    /// <summary>The groups in the order they are to be sent: make before break.</summary>
    public ImmutableArray<ResourceGroup> Groups { get; } = [Clusters, Endpoints, Listeners, Routes];

    /// <summary>The set with other clusters and endpoints; the very same where they are what it has.</summary>
    public ResourceSet WithClusters(ResourceGroup clusters, ResourceGroup endpoints) =>
        With(clusters, endpoints, Listeners, Routes);

    /// <summary>The set with other listeners and routes; the very same where they are what it has.</summary>
    public ResourceSet WithRoutes(ResourceGroup listeners, ResourceGroup routes) =>
        With(Clusters, Endpoints, listeners, routes);

    private ResourceSet With(
        ResourceGroup clusters, ResourceGroup endpoints, ResourceGroup listeners, ResourceGroup routes)
    {
        if (Groups.Zip([clusters, endpoints, listeners, routes]).All(g => g.First.VersionInfo == g.Second.VersionInfo))
        {
            return this;
        }

        return new ResourceSet(
            Newer(Clusters, clusters), Newer(Endpoints, endpoints), Newer(Listeners, listeners), Newer(Routes, routes));
    }

    private static ResourceGroup Newer(ResourceGroup before, ResourceGroup after) =>
        before.VersionInfo == after.VersionInfo ? before : after;

    /// <summary>The group of a type; null for a type that is not among them.</summary>
    public ResourceGroup? Group(string typeUrl) => typeUrl switch
    {
        TypeUrls.Cluster => Clusters,
        TypeUrls.ClusterLoadAssignment => Endpoints,
        TypeUrls.Listener => Listeners,
        TypeUrls.RouteConfiguration => Routes,
        _ => null,
    };
}
