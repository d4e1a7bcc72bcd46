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
/// ReferenceGrant. Source: GEP-1294, "Namespace boundaries".
/// </remarks>
internal static class BackendResolver
{
    public static ResolvedBackend Find(BackendReference backend, string routeNamespace, ServiceRegistry services)
    {
        if (!backend.IsService)
        {
            return Missing("InvalidKind", $"{backend.Kind} of group \"{backend.Group}\" is no kind of backend; Service is");
        }

        var ns = backend.Namespace.Length > 0 ? backend.Namespace : routeNamespace;
        var host = HostName.Of(backend.Name, ns);
        if (services.Find(host) is not { } service)
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
