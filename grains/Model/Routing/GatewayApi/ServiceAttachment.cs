using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>Whether a parent of kind Service takes a route.</summary>
/// <param name="Service">The service; null when it does not.</param>
/// <param name="Port">The port to which the route is bound; null for all of them.</param>
/// <param name="Reason">Why, as one of the API's words.</param>
/// <param name="Message">Why, as a sentence.</param>
internal sealed record ServiceAttachment(Service? Service, int? Port, string Reason, string Message)
{
    private const string NoMatchingParent = "NoMatchingParent";

    public static ServiceAttachment Of(ParentReference parent, string routeNamespace, ServiceRegistry services)
    {
        var ns = parent.NamespaceFrom(routeNamespace);
        var host = HostName.Of(parent.Name, ns);
        if (services.Find(host) is not { } service)
        {
            return new ServiceAttachment(null, null, NoMatchingParent, $"there is no service {host}");
        }

        if (parent.SectionName.Length == 0 && parent.Port is null)
        {
            return new ServiceAttachment(service, null, "Accepted", $"routes requests to {host}");
        }

        var port = service.Ports.FirstOrDefault(p =>
            (parent.Port is not { } number || p.Number == number)
            && (parent.SectionName.Length == 0 || p.Name == parent.SectionName));
        return port is null
            ? new ServiceAttachment(null, null, NoMatchingParent, $"the service {host} has no such port")
            : new ServiceAttachment(service, port.Number, "Accepted", $"routes requests to port {port.Number} of {host}");
    }
}
