using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>A listener that takes a route, and the hosts for which it does.</summary>
/// <param name="Listener">The listener.</param>
/// <param name="Hosts">
/// What the hosts of both have in common; <c>*</c> where neither names one. Less those of nearer listeners: none may be left.
/// </param>
internal sealed record TakenListener(GatewayListener Listener, ImmutableArray<string> Hosts);

/// <summary>Whether a parent of kind Gateway takes a route.</summary>
/// <param name="Listeners">The listeners that do; none when none does.</param>
/// <param name="Reason">Why, as one of the API's words.</param>
/// <param name="Message">Why, as a sentence.</param>
internal sealed record ListenerAttachment(ImmutableArray<TakenListener> Listeners, string Reason, string Message)
{
    private const string Everything = "*";

    /// <summary>Looks at the listeners that a parent means.</summary>
    /// <param name="parent">A parent of kind Gateway.</param>
    /// <param name="route">The route's key; its kind counts.</param>
    /// <param name="hostnames">The route's hosts; none means every host.</param>
    /// <param name="places">The Gateways.</param>
    /// <returns>Null when the Gateway is somebody else's matter.</returns>
    public static ListenerAttachment? Of(
        ParentReference parent, ConfigKey route, ImmutableArray<string> hostnames, AttachmentPlaces places)
    {
        var ns = parent.NamespaceFrom(route.Namespace);
        if (places.FindGateway(ns, parent.Name) is not { } gateway)
        {
            return Refused("NoMatchingParent", $"there is no Gateway {ns}/{parent.Name}");
        }

        if (!places.IsOurs(gateway)) return null;
        var meant = gateway.Listeners.Where(l =>
            (parent.SectionName.Length == 0 || l.Name == parent.SectionName)
            && (parent.Port is not { } port || l.Port == port)).ToList();
        if (meant.Count == 0) return Refused("NoMatchingParent", $"Gateway {ns}/{parent.Name} has no such listener");
        var allowed = meant.FindAll(l => KindsOf(l).Contains($"{ParentReference.GatewayGroup}/{route.Kind}")
            && places.Allows(l, ns, route.Namespace));
        if (allowed.Count == 0)
        {
            return Refused(
                "NotAllowedByListeners",
                $"no listener of Gateway {ns}/{parent.Name} takes routes of kind {route.Kind} from namespace {route.Namespace}");
        }

        ImmutableArray<TakenListener> taken =
        [
            .. from listener in allowed
               let common = InCommon(listener.Hostname, hostnames)
               where !common.IsEmpty
               select new TakenListener(listener, [.. common.Where(host => !IsOfNearer(listener, host, gateway))]),
        ];
        return taken.IsEmpty
            ? Refused("NoMatchingListenerHostname", "none of its hostnames is one of a listener")
            : new ListenerAttachment(
                taken, "Accepted", $"attached to {string.Join(", ", taken.Select(t => t.Listener.Name))}");
    }

    /// <summary>
    /// The kinds of routes that a listener takes, as <c>group/kind</c>: those that fit its protocol, less what it excludes.
    /// </summary>
    public static IEnumerable<string> KindsOf(GatewayListener listener)
    {
        string[] fitting = listener switch
        {
            { IsServed: false } => [],
            { Protocol: "TCP" } => [ConnectionRoute.TcpKind],
            { Protocol: "TLS", Tls.IsPassthrough: true } => [ConnectionRoute.TlsKind],
            { Protocol: "TLS" } => [ConnectionRoute.TlsKind, ConnectionRoute.TcpKind],
            _ => [RequestRoute.HttpKind, RequestRoute.GrpcKind],
        };
        var kinds = fitting.Select(kind => $"{ParentReference.GatewayGroup}/{kind}");
        return listener.AllowedRoutes.Kinds.IsEmpty ? kinds : kinds.Intersect(listener.AllowedRoutes.Kinds);
    }

    /// <summary>
    /// Whether a host belongs to another listener of the port, whose name is nearer: routes of this one are not for it.
    /// Source: Gateway API, Listener.hostname.
    /// </summary>
    private static bool IsOfNearer(GatewayListener listener, string host, KubernetesGateway gateway) =>
        gateway.Listeners.Any(other => other.Port == listener.Port
            && NearnessOf(other).CompareTo(NearnessOf(listener)) > 0
            && HostName.Matches(other.Hostname, host));

    // A whole name is nearer than a wildcard, and of those the longer.
    private static (bool IsWhole, int Length) NearnessOf(GatewayListener listener) =>
        (listener.Hostname.Length > 0 && listener.Hostname[0] != '*', listener.Hostname.Length);

    private static ImmutableArray<string> InCommon(string listener, ImmutableArray<string> route)
    {
        if (route.IsEmpty) return [listener.Length > 0 ? listener : Everything];
        if (listener.Length == 0) return [.. route.Select(host => host.ToLowerInvariant()).Distinct()];
        return
        [
            .. route.Select(host => host.ToLowerInvariant())
                .Select(host => HostName.Overlap(listener, host))
                .OfType<string>()
                .Distinct(),
        ];
    }

    private static ListenerAttachment Refused(string reason, string message) => new([], reason, message);
}
