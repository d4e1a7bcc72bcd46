using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Translation.Origins;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>Something that comes to a port of a gateway.</summary>
/// <param name="Gateway">What the gateway does.</param>
/// <param name="Name">Its name.</param>
/// <param name="Identity">What it proves to whom it calls.</param>
/// <param name="Address">Its own address; null when unknown.</param>
/// <param name="Traffic">What comes.</param>
/// <param name="Transport">How it comes in.</param>
/// <param name="IsOwnTls">The TLS that it comes in is its own, and not that of the hop before.</param>
/// <param name="ServerName">The name in the handshake that the gateway sees first; empty without.</param>
/// <param name="PeerId">What the client can prove; empty for nothing.</param>
/// <param name="Source">The client's address; null when unknown.</param>
/// <param name="Share">How likely it is that it comes here, from 0 to 1.</param>
/// <param name="CanAnswer">Whether a proxy before it answers 503 when the connection fails.</param>
/// <param name="Sent">What the hop before demands of whoever answers mesh mTLS.</param>
/// <param name="Hops">How many proxies have sent it on.</param>
internal sealed record EdgeArrival(
    ScopeModel Gateway,
    string Name,
    string Identity,
    IPAddress? Address,
    Traffic Traffic,
    Transport Transport,
    bool IsOwnTls,
    string ServerName,
    string PeerId,
    IPAddress? Source,
    double Share,
    bool CanAnswer,
    UpstreamTlsModel Sent,
    int Hops);

/// <summary>What a gateway makes of something.</summary>
/// <param name="Told">Whether it is let in; null when it does not come that far.</param>
/// <param name="View">What the gateway does with it.</param>
/// <param name="Outcomes">What may become of it.</param>
internal sealed record EdgeWay(Admission? Told, GatewayView View, IReadOnlyList<Outcome> Outcomes)
{
    /// <summary>Path and query after the one normalisation; null where nothing reads them.</summary>
    public string? Target { get; init; }
}

/// <summary>
/// What a gateway does with what comes to one of its ports: chain, TLS, who is let in, route, and where that leads.
/// </summary>
internal sealed class GatewayExplainer(Explainers all)
{
    private const string ForwardedProto = "x-forwarded-proto";
    private const string Unknown = "(the client's address)";

    private static readonly GatewayView Nothing = new("", "", [], null, []);

    /// <summary>Explains what comes from a proxy or workload of the mesh.</summary>
    /// <param name="arrival">What comes, and to whom.</param>
    /// <param name="gateway">What the gateway does.</param>
    public (InboundView View, IReadOnlyList<Outcome> Outcomes) Explain(Arrival arrival, ScopeModel gateway)
    {
        var (member, traffic) = (arrival.Members[0], arrival.Traffic);
        var (workload, isMesh) = (member.Workload, arrival.Transport is Transport.MutualTls);
        var name = $"{workload.Namespace}/{workload.Name}";
        var identity = workload.Identity?.ToString() ?? "";
        var port = gateway.Origins.Edge.Ports.First(p => p.Number == member.WorkloadPort);
        var edge = new EdgeArrival(
            gateway,
            name,
            identity,
            IPAddress.TryParse(workload.Address, out var address) ? address : null,
            traffic,
            arrival.Transport,
            IsOwnTls: arrival.Transport is Transport.Tls && arrival.Tls.Mode is not UpstreamTlsMode.Simple,
            arrival.ServerName,
            isMesh ? arrival.PeerId : "",
            arrival.Source,
            arrival.Share,
            arrival.FromProxy,
            arrival.Tls,
            arrival.Hops);
        var (told, way, outcomes) = AtPort(edge, port);
        var verdict = Outcome.Sum(outcomes);
        var likeliest = new Outcome(arrival.Share, verdict.Status, verdict.Outcome, verdict.Reason);
        var view = InboundExplainer.ViewOf(arrival, likeliest) with { Gateway = way };
        return (With(view, told), outcomes);
    }

    /// <summary>Explains what comes from outside of the mesh.</summary>
    /// <param name="edge">What comes.</param>
    /// <param name="called">The port that the client calls.</param>
    /// <returns>What happens there, what may become of it, and path and query as they are read; null where they are not.</returns>
    public (InboundView View, IReadOnlyList<Outcome> Outcomes, string? Target) Enter(EdgeArrival edge, int called)
    {
        var ports = edge.Gateway.Origins.Edge.Ports;
        var port = ports.FirstOrDefault(p => p.Servers.Any(server => server.Port == called))
            ?? ports.FirstOrDefault(p => p.Number == called);
        var whole = port is null ? Closed(edge, WhyNoPort(edge, called)) : AtPort(edge, port);
        var (told, way, outcomes) = whole;
        var verdict = Outcome.Sum(outcomes);
        var view = new InboundView(
            [edge.Name],
            1,
            port?.Number ?? called,
            InboundExplainer.TextOf(edge.Transport),
            Authentication: null,
            "",
            "",
            "",
            [],
            [],
            verdict.Status,
            verdict.Reason)
        {
            Outcome = verdict.Outcome,
            Gateway = way,
        };
        return (With(view, told), outcomes, whole.Target);
    }

    private EdgeWay AtPort(EdgeArrival edge, EdgePortOrigin port)
    {
        var who = $"gateway {edge.Name}";
        if (edge.Gateway.Model.Edge.GetValueOrDefault(port.Listener) is not { } listener)
        {
            return Closed(edge, $"port {port.Number} of {who} is not open: no route leads anywhere from it");
        }

        var comesAsTls = edge.Transport is not Transport.Plaintext;
        var isFit = listener.IsTls == comesAsTls || (!listener.IsTls && listener.Choose("", false)?.Routes is null);
        if (!isFit)
        {
            var spoken = listener.IsTls ? "a TLS handshake" : "requests in plaintext";
            var came = comesAsTls ? "a TLS handshake" : "plaintext";
            return Closed(edge, $"port {port.Number} of {who} takes {spoken}, and this is {came}", port);
        }

        var chain = listener.Choose(listener.IsTls ? edge.ServerName : "", edge.Transport is Transport.MutualTls);
        if (chain is null)
        {
            return Closed(edge, $"no server of port {port.Number} of {who} takes the name '{edge.ServerName}'", port);
        }

        if (chain.Tls is { } tls && WhyNoHandshake(edge, tls) is { } problem)
        {
            return Closed(edge, $"the handshake with {who} fails: {problem}", port, chain);
        }

        var traffic = chain.Tls is not null && edge.IsOwnTls ? edge.Traffic with { IsTls = false } : edge.Traffic;
        if (chain.Routes is null) return Carry(edge, port, chain, traffic);
        if (traffic is { IsRequest: true, IsTls: false }) return Route(edge, port, chain, chain.Routes, traffic);
        var protocol = chain.Tls is null ? "http" : "https";
        var reason = $"port {port.Number} of {who} reads requests there: ask with protocol {protocol}";
        return Closed(edge, reason, port, chain);
    }

    private EdgeWay Route(
        EdgeArrival edge, EdgePortOrigin port, EdgeChainModel chain, RouteTableModel table, Traffic traffic)
    {
        var who = $"gateway {edge.Name}";
        if (!PathNormalizer.TryNormalize(traffic.Call.Target.Text, chain.PathNormalization, out var target))
        {
            var refused = new Outcome(edge.Share, 400, OutcomeKind.BadRequest, $"{who} refuses the path");
            return new EdgeWay(null, ViewOf(edge, port, chain, null, []), [refused]);
        }

        var headers = Headers(edge, chain, traffic.Call.Headers, chain.Tls is null ? "http" : "https");
        var call = traffic.Call with { Target = target, Headers = headers };
        var hop = new HopFacts(
            port.Number,
            chain.Tls is { IsMesh: true } ? edge.PeerId : "",
            chain.Tls is null ? "" : edge.ServerName,
            edge.Source,
            edge.Address,
            chain.TrustedHops,
            headers[ForwardedProto].ToString().ToLowerInvariant());
        var rules = new AdmissionRules(port.Number, chain.Tokens, chain.Authorization, chain.RateLimits);
        var came = new RequestView(call, hop);
        var admission = all.Admissions.OfRequest(rules, edge.Gateway.Origins, edge.Name, who, came);
        if (admission is { Refusal.Length: > 0, Status: { } status })
        {
            var denied = new Outcome(edge.Share, status, OutcomeKind.Denied, admission.Refusal);
            return new EdgeWay(admission, ViewOf(edge, port, chain, null, []), [denied]) { Target = target.Text };
        }

        var view = admission.Seen;
        var decision = table.Find(in view, EveryDrawHits.Instance);
        var origins = edge.Gateway.Origins.Edge;
        var domain = RouteExplainer.HostOf(decision.Host);
        var name = HostName.WithoutPort(call.Authority).ToString();
        var outbound = new OutboundView(
            decision.Host?.Name,
            [.. origins.VirtualServices(port, name, domain, isOfRequests: true).Select(CandidateView.Of)],
            RouteExplainer.Routes(decision, host => origins.Rules(port, table.Name, host), view),
            decision.Route is { } chosen ? ActionText.Of(chosen, view) : null);
        if (decision.Route is not { } route)
        {
            var reason = decision.Host is { } host
                ? $"none of the {host.Routes.Length} routes of {host.Name} at {who} takes the request"
                : $"{who} knows no virtual host for {call.Host}";
            var lost = new Outcome(edge.Share, 404, OutcomeKind.NoRoute, reason);
            return new EdgeWay(admission, ViewOf(edge, port, chain, outbound, []), [lost]) { Target = target.Text };
        }

        var forwarding = new Forwarding(SenderOf(edge), table, decision.Host!, route, view);
        var (clusters, outcomes) = all.Routes.Follow(forwarding, edge.Share);
        return new EdgeWay(admission, ViewOf(edge, port, chain, outbound, clusters), outcomes) { Target = target.Text };
    }

    private EdgeWay Carry(
        EdgeArrival edge, EdgePortOrigin port, EdgeChainModel chain, Traffic traffic)
    {
        var hop = new HopFacts(
            port.Number,
            chain.Tls is { IsMesh: true } ? edge.PeerId : "",
            chain.IsTls ? edge.ServerName : "",
            edge.Source,
            edge.Address);
        var rules = new AdmissionRules(port.Number, chain.Tokens, chain.Authorization, chain.RateLimits);
        var admission = AdmissionExplainer.OfConnection(
            rules, edge.Gateway.Origins, edge.Name, new RequestView(Traffic.Nothing, hop));
        if (admission.Refusal.Length > 0)
        {
            return Closed(edge, admission.Refusal, port, chain, OutcomeKind.Denied) with { Told = admission };
        }

        var onward = chain.Tls is null && edge.Transport is Transport.MutualTls
            ? traffic with { Seal = new SealedTls(edge.PeerId, edge.Sent) }
            : traffic;
        var (clusters, outcomes) = all.Routes.Carry(SenderOf(edge), onward, "", chain.Clusters!, edge.Share);
        var origins = edge.Gateway.Origins.Edge;
        var outbound = new OutboundView(
            chain.Name,
            [
                .. origins.VirtualServices(port, chain.IsTls ? edge.ServerName : "", domain: null, isOfRequests: false)
                    .Select(CandidateView.Of),
            ],
            ConnectionRules.Views(
                origins.Connections(port), chain.ServerNames, [], [], edge.ServerName, edge.Address, edge.Source),
            ActionText.OfConnection(chain.Relay));
        return new EdgeWay(admission, ViewOf(edge, port, chain, outbound, clusters), outcomes);
    }

    private static EdgeWay Closed(
        EdgeArrival edge,
        string reason,
        EdgePortOrigin? port = null,
        EdgeChainModel? chain = null,
        OutcomeKind kind = OutcomeKind.Closed)
    {
        var outcome = edge.CanAnswer
            ? new Outcome(edge.Share, 503, OutcomeKind.UpstreamFailed, reason)
            : new Outcome(edge.Share, null, kind, reason);
        return new EdgeWay(null, port is null ? Nothing : ViewOf(edge, port, chain, null, []), [outcome]);
    }

    private static string? WhyNoHandshake(EdgeArrival edge, EdgeTlsModel tls)
    {
        if (tls.IsMesh && edge.Transport is not Transport.MutualTls) return "it takes mesh mTLS only (ISTIO_MUTUAL)";
        if (tls.IsMesh && !tls.AllowedNames.IsEmpty && !tls.AllowedNames.Contains(edge.PeerId))
        {
            return $"{edge.PeerId} is not among those that the server takes";
        }

        if (edge.Transport is not Transport.MutualTls) return null;
        if (!tls.IsMesh) return "it shows a certificate of its own, and the client asks for one of the mesh";
        return edge.Sent.Allows(edge.Identity)
            ? null
            : $"it proves to be {edge.Identity}, which is none of those that the client takes";
    }

    // As the gateway writes them: who the client is, and what only the mesh may say.
    private static ImmutableDictionary<string, StringValues> Headers(
        EdgeArrival edge, EdgeChainModel chain, ImmutableDictionary<string, StringValues> headers, string scheme)
    {
        var isMesh = chain.Tls is { IsMesh: true } && edge.PeerId.Length > 0;
        var seen = HeaderChanges.OnTheWayIn(headers, isMesh);
        seen = seen.RemoveRange(seen.Keys.Where(MeshHeaders.IsForwardedTwin));
        var client = edge.Source?.ToString() ?? Unknown;
        seen = seen.SetItem(
            ForwardedAddress.Header,
            seen.TryGetValue(ForwardedAddress.Header, out var before) ? $"{before}, {client}" : client);
        var keeps = chain.TrustedHops > 0
            && seen.TryGetValue(ForwardedProto, out var said)
            && said.Count == 1
            && said[0]!.ToLowerInvariant() is "http" or "https";
        return keeps ? seen : seen.SetItem(ForwardedProto, scheme);
    }

    private static Sender SenderOf(EdgeArrival edge) =>
        new(edge.Gateway, $"gateway {edge.Name}", edge.Identity, edge.Address, edge.Hops);

    private static GatewayView ViewOf(
        EdgeArrival edge,
        EdgePortOrigin port,
        EdgeChainModel? chain,
        OutboundView? outbound,
        ImmutableArray<ClusterView> clusters) => new(
        port.Listener,
        chain?.Tls is { } tls ? TextOf(tls) : chain is { IsTls: true } ? "TLS goes through unread" : "",
        [.. port.Servers.Select(server => ViewOf(server, edge, chain))],
        outbound,
        clusters);

    private static CandidateView ViewOf(EdgeServerOrigin server, EdgeArrival edge, EdgeChainModel? chain)
    {
        var name = $"{server.Gateway.Namespace}/{server.Gateway.Name}";
        var what = $"{server.Protocol} {server.Port} for {string.Join(", ", server.Hosts)}";
        if (chain is null) return new CandidateView(name, false, what);
        var wanted = chain.IsTls ? edge.ServerName : HostName.WithoutPort(edge.Traffic.Call.Authority).ToString();
        var isOfChain = chain.Routes is { } table
            ? table.Name == server.Table
            : chain.Name.Contains($".{server.Name}.", StringComparison.Ordinal);
        var takes = isOfChain && (wanted.Length == 0 || server.Hosts.Any(host => Takes(host, wanted)));
        var not = wanted.Length > 0 ? wanted : "this";
        return new CandidateView(name, takes, takes ? what : $"{what}, and not {not}");
    }

    private static bool Takes(string host, string wanted) =>
        MeshOrleans.Model.Topology.HostName.Matches(host[(host.IndexOf('/') + 1)..].ToLowerInvariant(), wanted);

    private static string TextOf(EdgeTlsModel tls) => tls switch
    {
        { IsMesh: true } => "ends mesh mTLS",
        { Demand: ClientCertificateDemand.Required } => "ends TLS, and asks for a client's certificate that it accepts",
        { Demand: ClientCertificateDemand.Optional } => "ends TLS, and checks what certificate a client shows",
        _ => "ends TLS",
    };

    private static InboundView With(InboundView view, Admission? told) => told is null ? view : view with
    {
        Token = told.Token,
        Authorizer = told.Asked,
        Policies = told.Policies,
        RateLimits = told.RateLimits,
    };

    private static string WhyNoPort(EdgeArrival edge, int called)
    {
        var servers = edge.Gateway.Origins.Edge.Ports.SelectMany(port => port.Servers);
        var open = servers.Select(server => server.Port).Distinct().Order().ToList();
        return open.Count == 0
            ? $"no Gateway selects gateway {edge.Name}: it opens no port"
            : $"gateway {edge.Name} has no port {called}; there are {string.Join(", ", open)}";
    }
}
