using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>How routes of the Gateway API stand with their parents, told by what attaches and resolves them.</summary>
public static class RouteStatus
{
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
        if (losses.Count == 0 && status is { Parent.IsGateway: true, Conditions: [{ Holds: true }, ..] })
        {
            return status with { Waits = "its hostnames are those of nearer listeners of the port" };
        }

        if (losses.Count == 0 || losses.Contains(null)) return status;
        var why = string.Join("; ", losses.Select(loss => loss!.Reason));
        var isAccepted = losses.Exists(loss => !loss!.IsConflict);
        var settled = isAccepted
            ? status.Conditions[0] with { Message = $"{status.Conditions[0].Message}, but {why}" }
            : Accepted(false, "Conflicted", why);
        return status with { Conditions = [settled, .. status.Conditions.Skip(1)], Waits = isAccepted ? why : "" };
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
