using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Translation.Origins;

namespace MeshOrleans.Silo.Explanations;

/// <summary>The way of one connection.</summary>
/// <param name="Host">The full name that is called; null when nothing of the mesh has it.</param>
/// <param name="Outbound">What the client's sidecar does; null where no rule is asked.</param>
/// <param name="Clusters">Where it may go.</param>
/// <param name="Outcomes">What may become of it.</param>
internal sealed record ConnectionWay(
    string? Host, OutboundView? Outbound, ImmutableArray<ClusterView> Clusters, IReadOnlyList<Outcome> Outcomes);

/// <summary>
/// What the client's sidecar does with a connection that goes through it as bytes, as for one that CONNECT opens.
/// </summary>
internal sealed class ConnectionExplainer(Explainers all)
{
    private static readonly WeightedChoice Passthrough = WeightedChoice.Of(UnknownHostRoutes.PassthroughCluster);

    /// <param name="sender">The client's sidecar.</param>
    /// <param name="call">The connection.</param>
    /// <param name="port">The port that is called.</param>
    public ConnectionWay Explain(Sender sender, ExplainedCall call, int port)
    {
        var model = sender.Proxy.Model;
        var called = HostName.WithoutPort(HostName.Normalize(call.Host)).ToString();
        var name = called.Trim('[', ']');
        var address = IPAddress.TryParse(name, out var literal) ? literal : null;
        if (address is not null) name = address.ToString();
        var whose = OutboundDestination.Of(model, name, address, port);
        if (whose is { Service: null, Requests: { } requests })
        {
            var host = RouteExplainer.HostOf(requests);
            if (whose.Undeclared is { } bytes) return Undeclared(sender, call, host ?? called, name, port, bytes);
            var reason = $"port {port} of {host ?? called} carries requests: {sender.Name} reads what comes there as "
                + "HTTP. Ask with protocol http, or name the port tcp or tls";
            return new ConnectionWay(host, null, [], [new Outcome(1, null, OutcomeKind.BadRequest, reason)]);
        }

        if (whose.Bytes is not { } service) return Unknown(sender, call, called, outbound: null);
        var origins = sender.Proxy.Origins;
        var chain = service.Choose(address, service.NeedsServerName ? call.ServerName : "", call.Address);
        var rules = service.IsShared ? origins.SharedConnections(port) : origins.Connections(HostOf(service), port);
        var views = ConnectionRules.Views(
            rules,
            chain?.ServerNames ?? ["(none)"],
            chain?.Networks ?? [],
            chain?.Sources ?? [],
            call.ServerName,
            address ?? service.Address,
            call.Address);
        var hostName = service.IsShared ? HostOf(rules, views) : HostOf(service);
        var isNobodys = chain is null && service.IsShared;
        var outbound = new OutboundView(
            isNobodys ? null : service.Name,
            [.. origins.VirtualServices(hostName, isOfRequests: false).Select(CandidateView.Of)],
            views,
            chain is null ? null : ActionText.OfConnection(chain.Relay));
        if (isNobodys) return Unknown(sender, call, called, outbound);
        if (chain is null)
        {
            var reason = $"no rule of {hostName}:{port} takes the connection"
                + (call.ServerName.Length > 0 ? $" (server name {call.ServerName})" : "");
            return new ConnectionWay(hostName, outbound, [], [new Outcome(1, null, OutcomeKind.NoRoute, reason)]);
        }

        var (clusters, outcomes) = all.Routes.Carry(sender, call.Traffic, name, chain.Clusters, 1);
        return new ConnectionWay(hostName, outbound, clusters, outcomes);
    }

    // Nobody has declared what the port speaks, and this is what its bytes have turned out to be.
    private ConnectionWay Undeclared(Sender sender, ExplainedCall call, string host, string name, int port, TcpChainModel bytes)
    {
        var origins = sender.Proxy.Origins;
        var outbound = new OutboundView(
            $"{host}:{port}",
            [.. origins.VirtualServices(host, isOfRequests: false).Select(CandidateView.Of)],
            ConnectionRules.Views(origins.Connections(host, port), [], [], [], call.ServerName, null, call.Address),
            ActionText.OfUndeclared(bytes.Relay));
        var (clusters, outcomes) = all.Routes.Carry(sender, call.Traffic, name, bytes.Clusters, 1);
        return new ConnectionWay(host, outbound, clusters, outcomes);
    }

    private ConnectionWay Unknown(Sender sender, ExplainedCall call, string called, OutboundView? outbound)
    {
        if (sender.Proxy.Model.OutboundPolicy is OutboundPolicy.RegistryOnly)
        {
            var reason = $"nothing of the mesh is called {called}, and unknown hosts are refused (REGISTRY_ONLY)";
            return new ConnectionWay(null, outbound, [], [new Outcome(1, null, OutcomeKind.Closed, reason)]);
        }

        var (clusters, outcomes) = all.Routes.Carry(sender, call.Traffic, called, Passthrough, 1);
        return new ConnectionWay(null, outbound, clusters, outcomes);
    }

    private static string HostOf(TcpServiceModel service) =>
        service.Name[..Math.Max(0, service.Name.LastIndexOf('_'))];

    // Of several services that share a port, the one whose condition takes the connection; empty when none does.
    private static string HostOf(ImmutableArray<ConnectionOrigin> rules, ImmutableArray<RouteView> views) =>
        rules.Zip(views).FirstOrDefault(pair => pair.Second.Verdict is RouteVerdict.Matched).First?.Host ?? "";
}
