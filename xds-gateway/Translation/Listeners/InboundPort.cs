using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>A port of the proxy's own workload.</summary>
/// <param name="Number">The workload port.</param>
/// <param name="Protocol">What is spoken on it.</param>
internal sealed record InboundPort(int Number, AppProtocol Protocol)
{
    private const string Loopback = "127.0.0.1";

    /// <summary>Where the application listens: an address of this machine, 0.0.0.0 for that of the workload.</summary>
    public (string Address, int Port) Application { get; init; } = (Loopback, Number);

    /// <summary>Limits on connections to the application; null for none.</summary>
    public ConnectionPool? Pool { get; init; }

    /// <summary>
    /// The ports that the workload's Sidecar resource opens; where it names none, those that the workload names and
    /// those that services lead to. By number.
    /// </summary>
    public static ImmutableArray<InboundPort> Of(ProxyView view)
    {
        var sidecar = SidecarChoice.Of(view.Mesh, view.Scope);
        var pool = sidecar?.InboundConnectionPool;
        return sidecar is null or { Ingress.IsEmpty: true }
            ? [.. Declared(view).Select(port => port with { Pool = pool })]
            : [.. sidecar.Ingress.Where(ingress => ingress.Port is not null).DistinctBy(ingress => ingress.Port!.Number)
                .Select(ingress => Opened(ingress, pool)).OrderBy(port => port.Number)];
    }

    private static InboundPort Opened(SidecarIngress ingress, ConnectionPool? pool)
    {
        var (number, name, protocol, _) = ingress.Port!;
        var colon = ingress.DefaultEndpoint.LastIndexOf(':');
        return new InboundPort(number, AppProtocols.Of(protocol, name, number))
        {
            Application = colon > 0 && int.TryParse(ingress.DefaultEndpoint.AsSpan(colon + 1), out var port)
                ? (ingress.DefaultEndpoint[..colon].Trim('[', ']'), port)
                : (Loopback, number),
            Pool = ingress.ConnectionPool ?? pool,
        };
    }

    // A service's word on the protocol counts before that of the port's name; of several, one that says HTTP counts, and one
    // that says nothing before those that say that it is none: what is found out is carried either way.
    private static IEnumerable<InboundPort> Declared(ProxyView view)
    {
        var scope = view.Scope;
        var declared = new SortedDictionary<int, List<AppProtocol>>();
        foreach (var service in view.Mesh.Registry.Services)
        {
            if (service.Namespace != scope.Namespace || service.Selector is not { } selector) continue;
            if (!LabelSelector.Matches(selector, scope.Labels)) continue;
            foreach (var port in service.Ports.Where(p => p.Protocol is not AppProtocol.Udp))
            {
                if (NumberOf(port, scope) is not { } number) continue;
                if (!declared.TryGetValue(number, out var protocols)) declared[number] = protocols = [];
                protocols.Add(port.Protocol);
            }
        }

        foreach (var (name, number) in scope.Ports)
        {
            if (!declared.ContainsKey(number)) declared[number] = [AppProtocols.Of("", name, number)];
        }

        return declared.Where(d => d.Key is > 0 and <= 65535).Select(d => new InboundPort(d.Key, Choose(d.Value)));
    }

    private static AppProtocol Choose(List<AppProtocol> protocols)
    {
        foreach (var protocol in protocols)
        {
            if (protocol.IsHttp() && protocol is not AppProtocol.Unspecified) return protocol;
        }

        return protocols.Contains(AppProtocol.Unspecified) ? AppProtocol.Unspecified : protocols[0];
    }

    /// <summary>The same rule by which the registry finds a workload's port behind a service port.</summary>
    public static int? NumberOf(ServicePort port, ProxyScope scope)
    {
        if (port.Name.Length > 0 && scope.Ports.TryGetValue(port.Name, out var named)) return named;
        if (port.TargetPortName.Length == 0) return port.TargetPort;
        return scope.Ports.TryGetValue(port.TargetPortName, out var target) ? target : null;
    }
}
