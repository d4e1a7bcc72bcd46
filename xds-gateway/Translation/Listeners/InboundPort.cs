using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>A port of the proxy's own workload.</summary>
/// <param name="Number">The workload port.</param>
/// <param name="Protocol">What is spoken on it.</param>
internal sealed record InboundPort(int Number, AppProtocol Protocol)
{
    /// <summary>
    /// The ports that the workload names and those that services lead to, by number. A service's word on the protocol
    /// counts before that of the port's name; of several services, one that says HTTP counts.
    /// </summary>
    public static ImmutableArray<InboundPort> Of(ProxyView view)
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

        return [.. declared.Where(d => d.Key is > 0 and <= 65535).Select(d => new InboundPort(d.Key, Choose(d.Value)))];
    }

    private static AppProtocol Choose(List<AppProtocol> protocols)
    {
        foreach (var protocol in protocols)
        {
            if (protocol.IsHttp()) return protocol;
        }

        return protocols[0];
    }

    /// <summary>The same rule by which the registry finds a workload's port behind a service port.</summary>
    public static int? NumberOf(ServicePort port, ProxyScope scope)
    {
        if (port.Name.Length > 0 && scope.Ports.TryGetValue(port.Name, out var named)) return named;
        if (port.TargetPortName.Length == 0) return port.TargetPort;
        return scope.Ports.TryGetValue(port.TargetPortName, out var target) ? target : null;
    }
}
