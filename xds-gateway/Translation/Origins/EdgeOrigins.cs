using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Edge;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Origins;

/// <summary>One port of a gateway proxy.</summary>
/// <param name="Listener">The name of its listener.</param>
/// <param name="Number">The port that the proxy opens.</param>
/// <param name="Servers">The servers of Gateways that share it, the oldest first.</param>
public sealed record EdgePortOrigin(string Listener, int Number, ImmutableArray<EdgeServerOrigin> Servers)
{
    /// <summary>Whether a Gateway that selects by labels has it, and not only such as are for any proxy.</summary>
    public bool IsSelected { get; init; }
}

/// <summary>One server of a Gateway.</summary>
/// <param name="Gateway">Whose it is.</param>
/// <param name="Name">The name of its port.</param>
/// <param name="Port">The port by which clients and routes know it; a service in front may map it to another.</param>
/// <param name="Protocol">What is spoken, as written.</param>
/// <param name="Hosts">The hosts that it serves, as written.</param>
/// <param name="Table">The name of its route table; empty where TLS goes through or bytes are carried.</param>
public sealed record EdgeServerOrigin(
    ConfigKey Gateway, string Name, int Port, string Protocol, ImmutableArray<string> Hosts, string Table);

/// <summary>What a gateway proxy opens, and for a person who asks, which configuration it comes from.</summary>
/// <remarks>Answers by the very lookups of the translation.</remarks>
public sealed class EdgeOrigins
{
    private readonly ProxyView _view;
    private readonly ImmutableArray<EdgePort> _ports;

    internal EdgeOrigins(ProxyView view) => (_view, _ports) = (view, EdgePort.Of(view));

    /// <summary>Its ports, ascending.</summary>
    public ImmutableArray<EdgePortOrigin> Ports => field.IsDefault ? field = [.. _ports.Select(Of)] : field;

    /// <summary>
    /// Which workloads open a Gateway, of Istio or of the Gateway API: their labels, and their namespace where it must
    /// be one. Null when there is no such Gateway.
    /// </summary>
    public static (ImmutableSortedDictionary<string, string> Selector, string Namespace)? SelectorOf(
        MeshSnapshot snapshot, string ns, string name) =>
        MeshIndex.Of(snapshot).Gateways
            .FirstOrDefault(g => g.Namespace == ns
                && (g.Name == name || g.Name.StartsWith($"{name}/", StringComparison.Ordinal)))?.Spec is { } found
            ? (found.Selector, found.WorkloadNamespace)
            : null;

    /// <summary>
    /// The VirtualServices that might speak for a host at a port: which do, and why the others do not.
    /// </summary>
    /// <param name="port">The port.</param>
    /// <param name="host">The host, or the name in the handshake; empty for bytes that have neither.</param>
    /// <param name="domain">The virtual host that takes it; null when none does, and for connections.</param>
    /// <param name="isOfRequests">Whether requests are asked about.</param>
    public ImmutableArray<Candidate> VirtualServices(
        EdgePortOrigin port, string host, string? domain, bool isOfRequests) =>
        EdgeCandidates.Of(_view, Find(port).Servers, host, domain, isOfRequests);

    /// <summary>
    /// The HTTP conditions for a host of a route table, in the order in which they are tried; those that count are the
    /// routes of its virtual host.
    /// </summary>
    /// <param name="port">The port.</param>
    /// <param name="table">The name of the table.</param>
    /// <param name="domain">The domain of the virtual host.</param>
    public ImmutableArray<RuleOrigin> Rules(EdgePortOrigin port, string table, string domain)
    {
        var found = Find(port);
        ImmutableArray<EdgeServer> servers = [.. found.Servers.Where(server => found.RoutesOf(server) == table)];
        if (servers.IsEmpty) return [];
        var redirects = servers.Any(server => server.RedirectsToHttps
            && server.Hosts.Any(host => HostName.Overlap(host, domain) == domain));
        return
        [
            .. EdgeRouteTranslator.Walk(_view, servers, domain).Select(r => new RuleOrigin(
                r.Rule.Rule,
                r.Rule.Match,
                r.Rule.Name,
                redirects ? "is not asked: the server sends all plaintext to https" : r.Rule.Exclusion,
                r.Rule.Origin)
            {
                Owner = r.Source.Resource.Key,
            }),
        ];
    }

    /// <summary>The conditions on connections at a port, in the order in which names are claimed.</summary>
    public ImmutableArray<ConnectionOrigin> Connections(EdgePortOrigin port)
    {
        var tcp = new EdgeTcp(_view);
        return [.. Find(port).Servers.OrderBy(server => server.IsPassthrough).SelectMany(server => Of(tcp, server))];
    }

    internal static ConnectionOrigin OriginOf(TranslatedConnection rule, ImmutableArray<string> names)
    {
        var asked = rule.Route is not { } route ? [] : route.ServerNames.IsEmpty ? names : route.ServerNames;
        return new ConnectionOrigin(
            rule.Source?.Resource.Key,
            rule.Place,
            rule.Route?.Networks ?? [],
            [.. asked.Select(name => name.ToLowerInvariant())],
            rule.Route?.Sources ?? [],
            rule.Exclusion);
    }

    private static IEnumerable<ConnectionOrigin> Of(EdgeTcp tcp, EdgeServer server)
    {
        if (server.IsHttps || server.Kind is EdgeKind.Http) yield break;
        if (server.Kind is EdgeKind.Tls && (server.IsPassthrough || server.IsListener))
        {
            foreach (var rule in tcp.WalkByServerName(server)) yield return OriginOf(rule, []);
        }

        if (server.IsPassthrough) yield break;
        ImmutableArray<string> names = server.Kind is EdgeKind.Tls && !server.Names.Contains("*") ? server.Names : [];
        foreach (var rule in tcp.WalkWhole(server)) yield return OriginOf(rule, names);
    }

    private static EdgePortOrigin Of(EdgePort port) => new(
        port.Name,
        port.Number,
        [
            .. port.Servers.Select(server => new EdgeServerOrigin(
                server.Gateway.Resource.Key,
                server.Port.Name,
                server.Port.Number,
                server.Port.Protocol,
                server.Server.Hosts,
                server.Kind is EdgeKind.Http || server.IsHttps ? port.RoutesOf(server) : "")),
        ])
    {
        IsSelected = port.Servers.Any(server => server.Gateway.Spec.Selector.Count > 0),
    };

    private EdgePort Find(EdgePortOrigin port) => _ports.First(p => p.Name == port.Listener);
}
