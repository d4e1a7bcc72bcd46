using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Silo.Explanations;

/// <summary>How a connection comes to a member.</summary>
internal enum Transport
{
    /// <summary>Nothing is proved.</summary>
    Plaintext,

    /// <summary>Ordinary TLS, which a sidecar does not end.</summary>
    Tls,

    /// <summary>Mesh mTLS.</summary>
    MutualTls,
}

/// <summary>A request on the way to members that are alike.</summary>
/// <param name="Members">The members; at least one.</param>
/// <param name="Share">How likely it is that one of them gets it, from 0 to 1.</param>
/// <param name="Call">What is said in it; the target as it goes over the wire.</param>
/// <param name="Transport">How it comes in.</param>
/// <param name="PeerId">What the client can prove.</param>
/// <param name="Source">The client's address; null when unknown.</param>
/// <param name="FromSidecar">Whether a sidecar sends it: it answers 503 when the connection fails.</param>
/// <param name="Tls">What the client's sidecar demands of the member.</param>
internal sealed record Arrival(
    ImmutableArray<ServiceEndpoint> Members,
    double Share,
    CallFacts Call,
    Transport Transport,
    string PeerId,
    IPAddress? Source,
    bool FromSidecar,
    UpstreamTlsModel Tls);

/// <summary>What the sidecar of a member does with a request.</summary>
internal sealed class InboundExplainer(ScopeModels models, TimeProvider clock)
{
    private const int MaxNames = 10;

    public (InboundView View, Outcome Outcome) Explain(Arrival arrival)
    {
        var member = arrival.Members[0];
        var workload = member.Workload;
        var name = $"{workload.Namespace}/{workload.Name}";
        if (member.Peer.Length > 0)
        {
            return Leave(arrival, $"goes to mesh {member.Peer}, whose policies are not known here");
        }

        if (!workload.HasSidecar)
        {
            if (arrival.Transport is Transport.MutualTls)
            {
                return Fail(arrival, null, $"{name} has no sidecar that could take mesh mTLS");
            }

            var reason = $"reaches {name}, which has no sidecar: no policy is asked";
            return Tell(arrival, null, 200, OutcomeKind.Forwarded, reason);
        }

        var server = models.InboundOf(ScopeModels.ScopeOf(workload));
        if (server.Refusal.Length > 0)
        {
            return Leave(arrival, $"goes to {name}, whose sidecar refuses its configuration: {server.Refusal}");
        }

        return server.Model.Inbound.TryGetValue(member.WorkloadPort, out var port)
            ? AtPort(arrival, server, port, name)
            : Fail(arrival, server, $"the sidecar of {name} has no port {member.WorkloadPort}");
    }

    private (InboundView, Outcome) AtPort(
        Arrival arrival, ScopeModel server, InboundPortModel port, string name)
    {
        var isMesh = arrival.Transport is Transport.MutualTls;
        if (port.Mode is InboundTlsMode.Strict && !isMesh)
        {
            var who = From(server, port.Port);
            return Fail(arrival, server, $"port {port.Port} of {name} takes mesh mTLS only ({who})");
        }

        if (isMesh && port.Mode is InboundTlsMode.Disable)
        {
            return Fail(arrival, server, $"port {port.Port} of {name} takes no mesh mTLS ({From(server, port.Port)})");
        }

        var identity = arrival.Members[0].Workload.Identity?.ToString() ?? "";
        if (isMesh && !arrival.Tls.AllowedSpiffeIds.Contains(identity))
        {
            var reason = $"{name} proves to be {identity}, which is none of those that the client takes";
            return Fail(arrival, server, reason);
        }

        var hop = new HopFacts(
            port.Port,
            isMesh ? arrival.PeerId : "",
            isMesh ? arrival.Tls.Sni : "",
            arrival.Source,
            IPAddress.TryParse(arrival.Members[0].Workload.Address, out var address) ? address : null,
            port.TrustedHops);
        var isHttp = port.IsHttp && arrival.Transport is not Transport.Tls;
        if (!isHttp)
        {
            return AskPolicies(arrival, server, port, name, new RequestView(arrival.Call, hop), isHttp: false, asked: "");
        }

        if (!PathNormalizer.TryNormalize(arrival.Call.Target.Text, port.PathNormalization, out var target))
        {
            return Tell(arrival, server, 400, OutcomeKind.BadRequest, $"the sidecar of {name} refuses the path");
        }

        var call = arrival.Call with
        {
            Target = target,
            Headers = HeaderChanges.OnTheWayIn(arrival.Call.Headers, fromSidecar: isMesh),
        };
        var asked = Asked(port, new RequestView(call, hop));
        var (tokens, seen) = TokenExplainer.Judge(port.Tokens, new RequestView(call, hop), clock.GetUtcNow());
        var token = TokenExplainer.Text(port.Tokens, tokens);
        var (view, outcome) = TokenExplainer.StatusOf(tokens.Problem) is { } status
            ? Tell(
                arrival,
                server,
                status,
                OutcomeKind.Denied,
                $"the sidecar of {name} refuses the token: {tokens.Problem.Text()}" + (asked.Length > 0 ? $", {asked}" : ""))
            : AskPolicies(arrival, server, port, name, seen, isHttp: true, asked);
        return (view with { Token = token, Authorizer = asked }, outcome);
    }

    // Before the tokens, by a request that says nothing of what only tokens say.
    private static string Asked(InboundPortModel port, RequestView view)
    {
        var headers = view.Call.Headers.RemoveRange(port.Tokens.OutputHeaders);
        var bare = view with { Call = view.Call with { Headers = headers } };
        return port.Authorization.FindCustom(in bare) is { } rule
            ? PolicyExplainer.Asked(port.Authorization.Custom!.Provider, rule)
            : "";
    }

    private static (InboundView, Outcome) AskPolicies(
        Arrival arrival, ScopeModel server, InboundPortModel port, string name, RequestView view, bool isHttp, string asked)
    {
        var verdict = isHttp ? port.Authorization.Decide(in view) : port.Authorization.DecideConnection(in view);
        var origins = server.Origins.AuthorizationPolicies();
        var policies = PolicyExplainer.Explain(origins, port.Authorization, view, isHttp);
        var limits = isHttp ? Limits(port, view) : [];
        if (verdict.Allowed)
        {
            var condition = asked.Length > 0 ? $" {asked}" : "";
            var why = $"reaches {name} on port {port.Port}{condition}: {PolicyExplainer.Allowed(verdict, policies)}";
            var (reached, outcome) = Tell(arrival, server, 200, OutcomeKind.Forwarded, why);
            return (reached with { Policies = policies, RateLimits = limits }, outcome);
        }

        var reason = PolicyExplainer.Denied(verdict, policies, name, server.Origins.AuthorizerProblem);
        var (refused, denied) = isHttp
            ? Tell(arrival, server, 403, OutcomeKind.Denied, reason)
            : Fail(arrival, server, reason);
        return (refused with { Policies = policies }, denied);
    }

    private static ImmutableArray<string> Limits(InboundPortModel port, RequestView view) =>
    [
        .. port.RateLimits.Where(limit => limit.AppliesTo(in view)).Select(limit => string.Create(
            CultureInfo.InvariantCulture,
            $"{limit.Match.Name}: {limit.Requests} in {limit.Interval.TotalSeconds:0.###} s")
            + (limit.IsDryRun ? " (dry run)" : "")),
    ];

    private static (InboundView, Outcome) Leave(Arrival arrival, string reason) =>
        Tell(arrival, null, 200, OutcomeKind.LeavesMesh, reason);

    // The connection does not come about: a sidecar tells its client so, a client without one sees it itself.
    private static (InboundView, Outcome) Fail(Arrival arrival, ScopeModel? server, string reason) =>
        arrival.FromSidecar
            ? Tell(arrival, server, 503, OutcomeKind.UpstreamFailed, reason)
            : Tell(arrival, server, null, OutcomeKind.Closed, reason);

    private static (InboundView, Outcome) Tell(
        Arrival arrival, ScopeModel? server, int? status, OutcomeKind kind, string reason)
    {
        var port = arrival.Members[0].WorkloadPort;
        var names = arrival.Members.Select(m => $"{m.Workload.Namespace}/{m.Workload.Name}");
        var view = new InboundView(
            [.. names.Order(StringComparer.Ordinal).Take(MaxNames)],
            arrival.Members.Length,
            port,
            arrival.Transport switch
            {
                Transport.MutualTls => "mutualTls",
                Transport.Tls => "tls",
                _ => "plaintext",
            },
            server?.Origins.AuthenticationOf(port).Mode.ToString().ToUpperInvariant(),
            server is null ? "" : From(server, port),
            "",
            "",
            [],
            [],
            status,
            reason);
        return (view, new Outcome(arrival.Share, status, kind, reason));
    }

    private static string From(ScopeModel server, int port)
    {
        var found = server.Origins.AuthenticationOf(port);
        return found.Policy is { } policy
            ? $"PeerAuthentication {policy.Namespace}/{policy.Name}, {found.Level.ToString().ToLowerInvariant()}"
            : "no PeerAuthentication speaks of it";
    }
}
