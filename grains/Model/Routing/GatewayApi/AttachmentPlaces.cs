using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>What routes of the Gateway API may attach to and lead to: Gateways, services, and what grants allow.</summary>
public sealed class AttachmentPlaces
{
    private readonly Dictionary<(string Namespace, string Name), KubernetesGateway> _gateways;
    private readonly Dictionary<string, GatewayClass> _classes;
    private readonly Dictionary<string, ImmutableSortedDictionary<string, string>> _namespaces;
    private readonly ILookup<string, ReferenceGrant> _grants;

    private AttachmentPlaces(AttachmentPlaces other, ServiceRegistry services)
    {
        (Services, Gateways) = (services, other.Gateways);
        (_gateways, _classes, _namespaces, _grants) = (other._gateways, other._classes, other._namespaces, other._grants);
    }

    private AttachmentPlaces(MeshSnapshot snapshot, ServiceRegistry services)
    {
        Services = services;
        Gateways = [.. snapshot.Of<KubernetesGateway>().OrderBy(g => g.Resource, ConfigResource.ByAge)];
        _gateways = Gateways.ToDictionary(g => (g.Resource.Key.Namespace, g.Resource.Key.Name), g => g.Spec);
        _classes = snapshot.Of<GatewayClass>().ToDictionary(c => c.Resource.Key.Name, c => c.Spec, StringComparer.Ordinal);
        _namespaces = snapshot.Of<Namespace>()
            .ToDictionary(n => n.Resource.Key.Name, n => n.Resource.Labels, StringComparer.Ordinal);
        _grants = snapshot.Of<ReferenceGrant>()
            .ToLookup(g => g.Resource.Key.Namespace, g => g.Spec, StringComparer.Ordinal);
    }

    internal ServiceRegistry Services { get; }

    /// <summary>All Gateways, the oldest first.</summary>
    internal ImmutableArray<(ConfigResource Resource, KubernetesGateway Spec)> Gateways { get; }

    /// <summary>The places of a snapshot.</summary>
    /// <param name="snapshot">The configuration.</param>
    /// <param name="services">The services of the same snapshot.</param>
    public static AttachmentPlaces Of(MeshSnapshot snapshot, ServiceRegistry services) => new(snapshot, services);

    /// <summary>The places once members of services have changed and nothing else.</summary>
    public AttachmentPlaces On(ServiceRegistry services) => new(this, services);

    /// <summary>
    /// Whether a Gateway is this mesh's matter: unless a GatewayClass gives it to somebody else, as who applies a Gateway
    /// here means it.
    /// </summary>
    internal bool IsOurs(KubernetesGateway gateway) =>
        !_classes.TryGetValue(gateway.ClassName, out var known) || known.IsOurs;

    internal KubernetesGateway? FindGateway(string ns, string name) => _gateways.GetValueOrDefault((ns, name));

    /// <summary>Whether a listener takes routes of a namespace.</summary>
    internal bool Allows(GatewayListener listener, string gatewayNamespace, string routeNamespace) =>
        listener.AllowedRoutes.From switch
        {
            RouteNamespaces.All => true,
            RouteNamespaces.Same => routeNamespace == gatewayNamespace,
            RouteNamespaces.Selector => listener.AllowedRoutes.Selector?.Matches(LabelsOf(routeNamespace)) is true,
            _ => false,
        };

    /// <summary>Whether a resource may name one of another namespace; within its own it always may.</summary>
    internal bool IsGranted(GrantFrom from, string ns, string group, string kind, string name) =>
        from.Namespace == ns
        || _grants[ns].Any(grant => grant.From.Contains(from)
            && grant.To.Any(to => to.Group == group && to.Kind == kind && (to.Name.Length == 0 || to.Name == name)));

    /// <summary>A namespace has its name as a label, whether anybody has written that or not (Kubernetes).</summary>
    private ImmutableSortedDictionary<string, string> LabelsOf(string ns) =>
        _namespaces.GetValueOrDefault(ns, EmptyMap.Text).SetItem("kubernetes.io/metadata.name", ns);
}
