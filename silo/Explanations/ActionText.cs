using System.Globalization;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Silo.Explanations;

/// <summary>Says what a route does.</summary>
internal static class ActionText
{
    /// <summary>The kind of action and everything that is in force beside it.</summary>
    public static ActionView Of(RouteModel route, RequestView view) => new(
        route.Action switch
        {
            RouteAction.Redirect => "redirect",
            RouteAction.DirectResponse => "directResponse",
            _ => "forward",
        },
        [.. Details(route, view)]);

    /// <summary>How bytes are carried.</summary>
    public static ActionView OfConnection(RelayModel relay) => new("carry", [.. Details(relay)]);

    /// <summary>What becomes of bytes where nobody has declared that they may come.</summary>
    public static ActionView OfUndeclared(RelayModel relay) =>
        new("carry", ["if the client speaks first, for no protocol is declared", .. Details(relay)]);

    private static IEnumerable<string> Details(RelayModel relay)
    {
        if (relay.Tunnel.Length > 0)
        {
            var method = relay.IsTunnelByPost ? "POST" : "CONNECT";
            yield return $"through a proxy that is asked for {relay.Tunnel} ({method})";
        }

        if (relay.IdleTimeout is { } idle) yield return $"closed after {Seconds(idle)} of silence";
        if (relay.MaxDuration is { } most) yield return $"closed after {Seconds(most)} in any case";
    }

    private static IEnumerable<string> Details(RouteModel route, RequestView view)
    {
        if (route.Fault is { } fault) foreach (var text in Faults(fault)) yield return text;
        if (route.Cors is not null) yield return "cross-origin rules are in force";
        switch (route.Action)
        {
            case RouteAction.Redirect redirect:
                yield return $"{redirect.Status} to {redirect.Location(in view, route.Match.Path)}";
                break;
            case RouteAction.DirectResponse direct:
                yield return $"answers {direct.Status} with {direct.Body.Length} bytes";
                break;
            case RouteAction.Forward forward:
                foreach (var text in Forwarding(forward, route, view)) yield return text;
                break;
        }

        foreach (var text in Changes("request", route.RequestHeaders)) yield return text;
        foreach (var text in Changes("response", route.ResponseHeaders)) yield return text;
    }

    private static IEnumerable<string> Faults(FaultModel fault)
    {
        var whose = fault.Headers.IsEmpty ? "" : " of those with certain headers";
        if (fault.Delay > TimeSpan.Zero && fault.DelayShare.PerMillion > 0)
        {
            yield return $"delays {fault.DelayShare}{whose} by {Seconds(fault.Delay)}";
        }

        if (fault.AbortShare.PerMillion > 0 && (fault.AbortHttpStatus ?? fault.AbortGrpcStatus) is not null)
        {
            var status = fault.AbortHttpStatus is { } http ? $"{http}" : $"gRPC status {fault.AbortGrpcStatus}";
            yield return $"aborts {fault.AbortShare}{whose} with {status}";
        }
    }

    private static IEnumerable<string> Forwarding(RouteAction.Forward forward, RouteModel route, RequestView view)
    {
        if (forward.Rewrite is not null)
        {
            yield return $"path becomes {forward.RewritePath(view.Path, route.Match.Path)}";
        }

        foreach (var text in Hosts(forward)) yield return text;
        if (forward.Timeout is { } limit && limit > TimeSpan.Zero) yield return $"timeout {Seconds(limit)} in all";
        if (forward.Retry is { On: not RetryConditions.None } retry)
        {
            var each = retry.PerTryTimeout is { } one ? $", {Seconds(one)} for each try" : "";
            yield return $"up to {retry.Attempts} retries after {retry.On}{each}";
        }

        foreach (var mirror in forward.Mirrors) yield return $"copies {mirror.Share} to {mirror.Cluster}";
        if (forward.HashPolicies.Length > 0)
        {
            var keys = forward.HashPolicies.Select(p => $"{p.Source} {p.Name}".Trim());
            yield return $"hashed by {string.Join(", ", keys)}";
        }
    }

    // The route's counts before that of the destination.
    private static IEnumerable<string> Hosts(RouteAction.Forward forward)
    {
        var clusters = forward.Clusters.Clusters;
        if (forward.HostRewrite is { } host) return [$"host becomes {host}"];
        if (clusters is [{ HostRewrite: { } only }]) return [$"host becomes {only}"];
        return clusters.Where(c => c.HostRewrite is not null).Select(c => $"host becomes {c.HostRewrite} for {c.Name}");
    }

    private static IEnumerable<string> Changes(string what, HeaderOperations operations)
    {
        foreach (var name in operations.Remove) yield return $"{what} header {name} is removed";
        foreach (var mutation in operations.Set)
        {
            var verb = mutation.Action is HeaderAppendAction.Append ? "is added" : "is set";
            yield return $"{what} header {mutation.Name} {verb}";
        }
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
