using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;
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

/// <summary>Something on the way to members that are alike.</summary>
/// <param name="Members">The members; at least one.</param>
/// <param name="Share">How likely it is that one of them gets it, from 0 to 1.</param>
/// <param name="Traffic">What it is; the target of a request as it goes over the wire.</param>
/// <param name="Transport">How it comes in.</param>
/// <param name="PeerId">What the client can prove.</param>
/// <param name="Source">The client's address; null when unknown.</param>
/// <param name="FromProxy">Whether a proxy sends it: it answers 503 when the connection fails.</param>
/// <param name="Tls">What that demands of the member.</param>
/// <param name="Hops">How many proxies have sent it on.</param>
internal sealed record Arrival(
    ImmutableArray<ServiceEndpoint> Members,
    double Share,
    Traffic Traffic,
    Transport Transport,
    string PeerId,
    IPAddress? Source,
    bool FromProxy,
    UpstreamTlsModel Tls,
    int Hops = 0)
{
    /// <summary>The name in the handshake that the member sees first; empty without one.</summary>
    public string ServerName => Transport switch
    {
        Transport.MutualTls => Tls.Sni,
        Transport.Tls when Tls.Mode is UpstreamTlsMode.Simple =>
            Tls.Sni.Length > 0 ? Tls.Sni : Members[0].Workload.Address,
        Transport.Tls => Traffic.ServerName,
        _ => "",
    };
}

/// <summary>What a member does with what comes to it: its sidecar, or the gateway that it is.</summary>
internal sealed class InboundExplainer(Explainers all)
{
    private const int MaxNames = 10;

    public (InboundView View, IReadOnlyList<Outcome> Outcomes) Explain(Arrival arrival)
    {
        var member = arrival.Members[0];
        if (member.Peer.Length == 0 && all.Models.GatewayOf(member.Workload, member.WorkloadPort) is { } gateway)
        {
            return all.Gateways.Explain(arrival, gateway);
        }

        var (view, outcome) = AtMember(arrival);
        return (view, [outcome]);
    }

    private (InboundView View, Outcome Outcome) AtMember(Arrival arrival)
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

        var server = all.Models.InboundOf(ScopeModels.ScopeOf(workload));
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
        if (isMesh && !arrival.Tls.Allows(identity))
        {
            var reason = $"{name} proves to be {identity}, which is none of those that the client takes";
            return Fail(arrival, server, reason);
        }

        var hop = new HopFacts(
            port.Port,
            isMesh ? arrival.PeerId : "",
            arrival.ServerName,
            arrival.Source,
            IPAddress.TryParse(arrival.Members[0].Workload.Address, out var address) ? address : null,
            port.TrustedHops);
        var rules = new AdmissionRules(port.Port, port.Tokens, port.Authorization, port.RateLimits);
        var isRequest = arrival.Traffic.IsRequest && !arrival.Traffic.IsTls;
        if (!port.IsHttp || arrival.Transport is Transport.Tls || (port.MayBeBytes && !isRequest))
        {
            var connection = new RequestView(Traffic.Nothing, hop);
            var asked = AdmissionExplainer.OfConnection(rules, server.Origins, name, connection);
            return Admit(arrival, server, name, asked);
        }

        if (!isRequest)
        {
            var reason = $"port {port.Port} of {name} takes requests only: its sidecar reads what comes there as HTTP";
            return Tell(arrival, server, 400, OutcomeKind.BadRequest, reason);
        }

        var sent = arrival.Traffic.Call;
        if (!PathNormalizer.TryNormalize(sent.Target.Text, port.PathNormalization, out var target))
        {
            return Tell(arrival, server, 400, OutcomeKind.BadRequest, $"the sidecar of {name} refuses the path");
        }

        var call = sent with { Target = target, Headers = HeaderChanges.OnTheWayIn(sent.Headers, fromSidecar: isMesh) };
        var view = new RequestView(call, hop);
        var proxy = $"the sidecar of {name}";
        return Admit(arrival, server, name, all.Admissions.OfRequest(rules, server.Origins, name, proxy, view));
    }

    private static (InboundView, Outcome) Admit(Arrival arrival, ScopeModel server, string name, Admission admission)
    {
        var condition = admission.Asked.Length > 0 ? $" {admission.Asked}" : "";
        var where = $"{name} on port {arrival.Members[0].WorkloadPort}{condition}";
        var (view, outcome) = admission.Refusal.Length == 0
            ? Tell(arrival, server, 200, OutcomeKind.Forwarded, $"reaches {where}: {admission.Reason}")
            : admission.Status is { } status
                ? Tell(arrival, server, status, OutcomeKind.Denied, admission.Refusal)
                : Fail(arrival, server, admission.Refusal);
        return (view with
        {
            Token = admission.Token,
            Authorizer = admission.Asked,
            Policies = admission.Policies,
            RateLimits = admission.RateLimits,
        }, outcome);
    }

    private static (InboundView, Outcome) Leave(Arrival arrival, string reason) =>
        Tell(arrival, null, 200, OutcomeKind.LeavesMesh, reason);

    // The connection does not come about: a proxy tells its client so, a client without one sees it itself.
    private static (InboundView, Outcome) Fail(Arrival arrival, ScopeModel? server, string reason) =>
        arrival.FromProxy
            ? Tell(arrival, server, 503, OutcomeKind.UpstreamFailed, reason)
            : Tell(arrival, server, null, OutcomeKind.Closed, reason);

    private static (InboundView, Outcome) Tell(
        Arrival arrival, ScopeModel? server, int? status, OutcomeKind kind, string reason)
    {
        var seen = status is { } code ? arrival.Traffic.Status(code) : null;
        var outcome = new Outcome(arrival.Share, seen, kind, reason);
        var port = arrival.Members[0].WorkloadPort;
        return (ViewOf(arrival, outcome) with
        {
            Authentication = server?.Origins.AuthenticationOf(port).Mode.ToString().ToUpperInvariant(),
            AuthenticationFrom = server is null ? "" : From(server, port),
        }, outcome);
    }

    /// <summary>Who is called and what comes of it, and nothing yet of why.</summary>
    public static InboundView ViewOf(Arrival arrival, Outcome outcome)
    {
        var names = arrival.Members.Select(m => $"{m.Workload.Namespace}/{m.Workload.Name}");
        return new InboundView(
            [.. names.Order(StringComparer.Ordinal).Take(MaxNames)],
            arrival.Members.Length,
            arrival.Members[0].WorkloadPort,
            TextOf(arrival.Transport),
            Authentication: null,
            "",
            "",
            "",
            [],
            [],
            outcome.Status,
            outcome.Reason)
        {
            Outcome = outcome.Kind,
        };
    }

    public static string TextOf(Transport transport) => transport switch
    {
        Transport.MutualTls => "mutualTls",
        Transport.Tls => "tls",
        _ => "plaintext",
    };

    private static string From(ScopeModel server, int port)
    {
        var found = server.Origins.AuthenticationOf(port);
        return found.Policy is { } policy
            ? $"PeerAuthentication {policy.Namespace}/{policy.Name}, {found.Level.ToString().ToLowerInvariant()}"
            : "no PeerAuthentication speaks of it";
    }
}
