using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>Finds the HealthCheck that counts for a client and a port of a service.</summary>
/// <remarks>
/// Namespaces are searched as for a DestinationRule: the client's, the service's, the root namespace; the first that
/// has one for the port decides. There are no wildcards.
/// </remarks>
internal static class HealthCheckLookup
{
    public static HealthCheck? Find(MeshIndex mesh, ProxyScope client, Service service, ServicePort port)
    {
        if (mesh.HealthChecks.Count == 0) return null;
        foreach (var ns in DestinationRuleLookup.NamespacesOf(mesh, client, service))
        {
            var checks = mesh.HealthChecks[ns].Where(c => HostName.Resolve(c.Spec.Host, ns) == service.Host);
            if (HealthChecks.InForce(checks.Select(c => c.Spec), port) is { } found) return found;
        }

        return null;
    }
}
