using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>What a backend of the Gateway API turned out to be.</summary>
/// <param name="Destination">Where it leads; <see cref="Destination.Unresolved"/> when it does not.</param>
/// <param name="Reason">Why it does not, as one of the API's words; empty when it does.</param>
/// <param name="Message">Why it does not, as a sentence.</param>
internal sealed record ResolvedBackend(Destination Destination, string Reason, string Message)
{
    public bool IsResolved => Reason.Length == 0;
}

/// <summary>Finds the services that rules of the Gateway API name.</summary>
/// <remarks>
/// Clients of the mesh may call any service, so a route that is attached to one may name those of all namespaces without a
/// ReferenceGrant (GEP-1294, "Namespace boundaries"). A Gateway exposes what it leads to, so there a grant is needed
/// (GEP-709).
/// </remarks>
internal static class BackendResolver
{
    /// <param name="backend">The backend.</param>
    /// <param name="route">The route that names it.</param>
    /// <param name="places">The services and grants.</param>
    /// <param name="isGranted">Whether services of other namespaces may be named without a grant.</param>
    public static ResolvedBackend Find(
        BackendReference backend, ConfigKey route, AttachmentPlaces places, bool isGranted)
    {
        if (!backend.IsService)
        {
            return Missing("InvalidKind", $"{backend.Kind} of group \"{backend.Group}\" is no kind of backend; Service is");
        }

        var ns = backend.Namespace.Length > 0 ? backend.Namespace : route.Namespace;
        var host = HostName.Of(backend.Name, ns);
        var from = new GrantFrom(ParentReference.GatewayGroup, route.Kind, route.Namespace);
        if (!isGranted && !places.IsGranted(from, ns, "", "Service", backend.Name))
        {
            return Missing("RefNotPermitted", $"no ReferenceGrant of namespace {ns} allows to name the service {host}");
        }

        if (places.Services.FindOwn(backend.Name, ns) is not { } service)
        {
            return Missing("BackendNotFound", $"there is no service {host}");
        }

        return backend.Port is { } port && service.FindPort(port) is not null
            ? new ResolvedBackend(new Destination(host, "", new PortSelector(port)), "", "")
            : Missing("BackendNotFound", $"the service {host} has no port {backend.Port}");
    }

    private static ResolvedBackend Missing(string reason, string message) =>
        new(Destination.Unresolved, reason, message);
}
