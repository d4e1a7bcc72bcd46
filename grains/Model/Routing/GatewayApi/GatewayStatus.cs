using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>How a Gateway of the Gateway API stands.</summary>
/// <param name="Conditions">What is so of all of it.</param>
/// <param name="Listeners">How its listeners stand, in their order.</param>
public sealed record GatewayStatus(
    ImmutableArray<StatusCondition> Conditions, ImmutableArray<ListenerStatus> Listeners)
{
    /// <summary>The status of a Gateway; null when it is somebody else's matter.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="gateway">What it says.</param>
    /// <param name="snapshot">The mesh: its routes, and whether a proxy of the Gateway is a member.</param>
    /// <param name="places">What routes may attach to.</param>
    public static GatewayStatus? Of(
        ConfigResource resource, KubernetesGateway gateway, MeshSnapshot snapshot, AttachmentPlaces places)
    {
        if (!places.IsOurs(gateway)) return null;
        var key = resource.Key;
        var hasProxy = snapshot.Workloads.Values.Any(w =>
            w.Namespace == key.Namespace && w.Labels.GetValueOrDefault(KubernetesGateway.NameLabel) == key.Name);
        var attached = Attached(key, snapshot, places).ToLookup(a => a.Listener, a => a.Route, StringComparer.Ordinal);
        return new GatewayStatus(
            [
                Accepted(gateway),
                Programmed(hasProxy, key),
            ],
            [.. gateway.Listeners.Select(l => Of(l, key, hasProxy, attached[l.Name].Distinct().Count(), places))]);
    }

    private static StatusCondition Accepted(KubernetesGateway gateway)
    {
        var unserved = gateway.Listeners.RemoveAll(listener => listener.IsServed);
        return unserved.IsEmpty
            ? new StatusCondition(StatusCondition.Accepted, true, "Accepted", "is a Gateway of this mesh")
            : new StatusCondition(
                StatusCondition.Accepted,
                unserved.Length < gateway.Listeners.Length,
                "ListenersNotValid",
                $"nobody serves {string.Join(", ", unserved.Select(l => $"{l.Protocol} ({l.Name})"))}");
    }

    private static ListenerStatus Of(
        GatewayListener listener, ConfigKey key, bool hasProxy, int attached, AttachmentPlaces places)
    {
        if (!listener.IsServed) return Unserved(listener);
        ImmutableArray<string> kinds = [.. ListenerAttachment.KindsOf(listener)];
        var certificate = ListenerServers.WhyNoCertificate(listener, key, places);
        return new ListenerStatus(
            listener.Name,
            kinds,
            attached,
            [
                new StatusCondition(StatusCondition.Accepted, true, "Accepted", "can be opened"),
                Resolved(certificate ?? WhyNoKind(listener, kinds)),
                certificate is null
                    ? Programmed(hasProxy, key)
                    : new StatusCondition(StatusCondition.Programmed, false, "Invalid", certificate.Value.Message),
            ]);
    }

    private static ListenerStatus Unserved(GatewayListener listener)
    {
        var why = $"{listener.Protocol} is not served here; HTTP, HTTPS, TLS and TCP are";
        return new ListenerStatus(
            listener.Name,
            [],
            0,
            [
                new StatusCondition(StatusCondition.Accepted, false, "UnsupportedProtocol", why),
                new StatusCondition(StatusCondition.Programmed, false, "Invalid", why),
            ]);
    }

    private static StatusCondition Resolved((string Reason, string Message)? missing) => missing is null
        ? new StatusCondition(StatusCondition.ResolvedRefs, true, "ResolvedRefs", "everything that it names may be used")
        : new StatusCondition(StatusCondition.ResolvedRefs, false, missing.Value.Reason, missing.Value.Message);

    /// <summary>A kind that cannot be attached is told, and the others still can (Gateway API, AllowedRoutes.kinds).</summary>
    private static (string Reason, string Message)? WhyNoKind(GatewayListener listener, ImmutableArray<string> kinds)
    {
        var strange = listener.AllowedRoutes.Kinds.Except(kinds).ToList();
        return strange.Count == 0
            ? null
            : ("InvalidRouteKinds", $"no route of kind {string.Join(", ", strange)} can be attached to a listener of "
                + $"{listener.Protocol}{(listener.Tls is { IsPassthrough: true } ? " that goes through" : "")}");
    }

    private static StatusCondition Programmed(bool hasProxy, ConfigKey key) => hasProxy
        ? new StatusCondition(StatusCondition.Programmed, true, "Programmed", "a proxy of the Gateway is there to open it")
        : new StatusCondition(
            StatusCondition.Programmed,
            false,
            "NoResources",
            $"no member of namespace {key.Namespace} has the label {KubernetesGateway.NameLabel}={key.Name}");

    private static IEnumerable<(string Listener, ConfigKey Route)> Attached(
        ConfigKey key, MeshSnapshot snapshot, AttachmentPlaces places) =>
        from route in snapshot.Of<AttachedRoute>()
        from parent in route.Spec.ParentRefs
        where parent.IsGateway && parent.Name == key.Name
        where parent.NamespaceFrom(route.Resource.Key.Namespace) == key.Namespace
        from taken in ListenerAttachment.Of(parent, route.Resource.Key, route.Spec.Hostnames, places)?.Listeners ?? []
        select (taken.Listener.Name, route.Resource.Key);
}

/// <summary>How a listener stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kinds">The kinds of routes that it takes, as <c>group/kind</c>.</param>
/// <param name="AttachedRoutes">How many routes are attached to it.</param>
/// <param name="Conditions">What is so.</param>
public sealed record ListenerStatus(
    string Name, ImmutableArray<string> Kinds, int AttachedRoutes, ImmutableArray<StatusCondition> Conditions);
