using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>How routes of the Gateway API stand with their parents, told by what attaches and resolves them.</summary>
public static class RouteStatus
{
    /// <summary>Why a route that a Gateway accepts has no place at it.</summary>
    private static readonly RouteLoss _nearer = new("its hostnames are those of nearer listeners of the port", IsConflict: false);

    /// <summary>The conditions of a route, parent by parent; a parent that is none of this mesh's has none.</summary>
    public static ImmutableArray<ParentStatus> Of(
        ConfigResource resource, AttachedRoute route, AttachmentPlaces places, RouteConflicts conflicts) =>
    [
        .. route.ParentRefs.Index().Select(p => Of(p.Index, p.Item, resource.Key, route, places))
            .OfType<ParentStatus>()
            .Select(status => Settled(status, resource.Key, route, places, conflicts)),
    ];

    /// <summary>A route has lost where others have all of its places; it may be accepted all the same.</summary>
    private static ParentStatus Settled(
        ParentStatus status, ConfigKey key, AttachedRoute route, AttachmentPlaces places, RouteConflicts conflicts)
    {
        var all = RoutePlace.Of(status.Parent, key, route, places).ToList();
        var losses = all.Select(place => conflicts.WhyLost(place, key)).Distinct().ToList();
        var accepted = status.Conditions[0];
        if (!accepted.Holds || losses.Contains(null)) return status;
        if (losses.Count == 0) losses.Add(_nearer);
        var why = string.Join("; ", losses.Select(loss => loss!.Reason));
        return losses.TrueForAll(loss => loss!.IsConflict)
            ? Begun(Accepted(false, "Conflicted", why))
            : Begun(accepted with { Message = $"{accepted.Message}, but {why}" }) with { Waits = why };

        ParentStatus Begun(StatusCondition first) => status with { Conditions = [first, .. status.Conditions.Skip(1)] };
    }

    private static ParentStatus? Of(
        int index, ParentReference parent, ConfigKey key, AttachedRoute route, AttachmentPlaces places)
    {
        StatusCondition accepted;
        if (parent.IsService)
        {
            var attachment = ServiceAttachment.Of(parent, key, places.Services);
            accepted = Accepted(attachment.Service is not null, attachment.Reason, attachment.Message);
        }
        else if (parent.IsGateway && ListenerAttachment.Of(parent, key, route.Hostnames, places) is { } attachment)
        {
            accepted = Accepted(!attachment.Listeners.IsEmpty, attachment.Reason, attachment.Message);
        }
        else
        {
            return null;
        }

        return new ParentStatus(index, parent, [accepted, Resolved(key, route, places, parent.IsService)]);
    }

    private static StatusCondition Accepted(bool holds, string reason, string message) =>
        new(StatusCondition.Accepted, holds, reason, message);

    private static StatusCondition Resolved(ConfigKey key, AttachedRoute route, AttachmentPlaces places, bool isGranted)
    {
        var missing = RouteBackends.Of(route)
            .Select(backend => BackendResolver.Find(backend.Backend, key, places, isGranted))
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
