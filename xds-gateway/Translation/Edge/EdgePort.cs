using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>One socket of a gateway proxy and the servers that share it.</summary>
/// <remarks>
/// The oldest server of a port decides what is spoken on it; a later one that speaks something else is left out, and so
/// is a second one for bytes, and one for TLS all of whose names older ones have.
/// </remarks>
internal sealed record EdgePort(string Bind, int Number, EdgeKind Kind, ImmutableArray<EdgeServer> Servers)
{
    public string Address => Bind.Length > 0 ? Bind : GatewayServers.AnyAddress;

    /// <summary>The listener's name.</summary>
    public string Name => $"{Address}_{Number}";

    /// <summary>The ports that the Gateways selecting a proxy open there, ascending.</summary>
    public static ImmutableArray<EdgePort> Of(ProxyView view)
    {
        var ports = new SortedDictionary<(int Number, string Bind), EdgePort>();
        foreach (var server in ServersFor(view))
        {
            foreach (var number in NumbersOf(view, server))
            {
                var key = (number, server.Bind);
                if (!ports.TryGetValue(key, out var port))
                {
                    ports[key] = new EdgePort(server.Bind, number, server.Kind, [server]);
                }
                else if (port.Add(server) is { } joined)
                {
                    ports[key] = joined;
                }
            }
        }

        return [.. ports.Values];
    }

    /// <summary>
    /// The name of the route table of a server. All plaintext servers of a port have one in common, and each that ends
    /// TLS has its own.
    /// </summary>
    public string RoutesOf(EdgeServer server) => Kind is EdgeKind.Http
        ? Bind.Length > 0 ? $"http.{Number}.{Bind}" : $"http.{Number}"
        : $"https.{Number}.{server.Port.Name}.{server.Gateway.Name}.{server.Gateway.Namespace}";

    /// <summary>The port with one more server; null when that has no place on it.</summary>
    private EdgePort? Add(EdgeServer server)
    {
        if (GatewayServers.Excludes(Kind, server.Kind)) return null;
        if (Kind is EdgeKind.Http) return this with { Servers = Servers.Add(server) };
        ImmutableArray<string> free = [.. server.Names.Except(Servers.SelectMany(s => s.Names))];
        return free.IsEmpty ? null : this with { Servers = Servers.Add(server with { Names = free }) };
    }

    private static IEnumerable<EdgeServer> ServersFor(ProxyView view) =>
        from gateway in view.Mesh.Gateways
        where LabelSelector.Matches(gateway.Spec.Selector, view.Scope.Labels)
            && (gateway.Spec.WorkloadNamespace.Length == 0 || gateway.Spec.WorkloadNamespace == view.Scope.Namespace)
        from server in gateway.Spec.Servers
        where server.Port is { Number: > 0 and <= 65535 }
        let one = new EdgeServer(gateway, server, server.Port!)
        select one with { Names = [.. one.Hosts.Distinct(StringComparer.Ordinal)] };

    /// <summary>
    /// The port of a server is that of the service in front of the gateway, as in Istio; the proxy opens the one
    /// behind it. Without such a service it is the proxy's own.
    /// </summary>
    private static SortedSet<int> NumbersOf(ProxyView view, EdgeServer server)
    {
        var numbers = new SortedSet<int>();
        foreach (var service in view.Mesh.Registry.Services)
        {
            if (service.Namespace != view.Scope.Namespace || service.Selector is not { } selector) continue;
            if (!LabelSelector.Matches(selector, view.Scope.Labels)) continue;
            if (service.FindPort(server.Port.Number) is not { } port) continue;
            if (InboundPort.NumberOf(port, view.Scope) is > 0 and <= 65535 and var number) numbers.Add(number);
        }

        return numbers.Count > 0 ? numbers : [server.Port.Number];
    }
}
