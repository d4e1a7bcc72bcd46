using System.Collections.Immutable;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>What routes of the Gateway API lead to.</summary>
internal static class RouteBackends
{
    /// <summary>All that a route leads to, mirrors included, with the fields that say so.</summary>
    public static IEnumerable<(BackendReference Backend, FieldPath Path)> Of(AttachedRoute route)
    {
        var rules = FieldPath.Root.At("spec").At("rules");
        return route switch
        {
            RequestRoute requests => requests.Rules.Index().SelectMany(r => Of(r.Item, rules.At(r.Index))),
            ConnectionRoute connections => connections.Rules.Index().SelectMany(r => Of(r.Item.Backends, rules.At(r.Index))),
            _ => [],
        };
    }

    private static IEnumerable<(BackendReference Backend, FieldPath Path)> Of(RequestRule rule, FieldPath at)
    {
        foreach (var backend in Of(rule.Backends, at)) yield return backend;
        foreach (var (j, filter) in rule.Filters.Index())
        {
            if (filter is not RequestFilter.Mirror { Backend: { } mirror }) continue;
            yield return (mirror, at.At("filters").At(j).At("requestMirror").At("backendRef"));
        }
    }

    private static IEnumerable<(BackendReference Backend, FieldPath Path)> Of(
        ImmutableArray<BackendReference> backends, FieldPath at) =>
        backends.Index().Select(b => (b.Item, at.At("backendRefs").At(b.Index)));
}
