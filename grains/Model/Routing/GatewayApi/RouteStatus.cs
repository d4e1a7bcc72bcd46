using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>How routes of the Gateway API stand with their parents, told by what attaches and resolves them.</summary>
public static class RouteStatus
{
    /// <summary>The conditions of a route, parent by parent; a parent that is none of this mesh's has none.</summary>
    public static ImmutableArray<ParentStatus> Of(ConfigResource resource, RequestRoute route, ServiceRegistry services)
    {
        var resolved = Resolved(resource.Key.Namespace, route, services);
        return
        [
            .. route.ParentRefs.Index().Where(p => p.Item.IsService).Select(p =>
            {
                var attachment = ServiceAttachment.Of(p.Item, resource.Key.Namespace, services);
                return new ParentStatus(p.Index, p.Item,
                [
                    new StatusCondition(
                        StatusCondition.Accepted, attachment.Service is not null, attachment.Reason, attachment.Message),
                    resolved,
                ]);
            }),
        ];
    }

    private static StatusCondition Resolved(string ns, RequestRoute route, ServiceRegistry services)
    {
        var missing = RuleComposer.BackendsOf(route)
            .Select(backend => BackendResolver.Find(backend.Backend, ns, services))
            .Where(backend => !backend.IsResolved)
            .ToList();
        return missing.Count == 0
            ? new StatusCondition(StatusCondition.ResolvedRefs, true, "ResolvedRefs", "every backend exists")
            : new StatusCondition(
                StatusCondition.ResolvedRefs,
                false,
                missing[0].Reason,
                string.Join("; ", missing.Select(m => m.Message).Distinct()));
    }
}
