using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Xds.Translation.Origins;

namespace MeshOrleans.Silo.Explanations;

/// <summary>
/// The answer of <c>POST /v1/explain</c>: the way of one request or connection, and everything that was considered on
/// it.
/// </summary>
/// <param name="Verdict">What the client would see.</param>
/// <param name="Source">Who sends the request.</param>
/// <param name="Destination">Whom it is sent to.</param>
/// <param name="Outbound">What the client's sidecar does with it; null for a client without one.</param>
/// <param name="Clusters">Where it may go, each with what happens there; none when it is not forwarded.</param>
internal sealed record Explanation(
    VerdictView Verdict,
    SourceView Source,
    DestinationView Destination,
    OutboundView? Outbound,
    ImmutableArray<ClusterView> Clusters)
{
    /// <summary>What the gateway does at which somebody from outside enters; null for a call of the mesh.</summary>
    public InboundView? Entry { get; init; }
}

/// <summary>What the client would see.</summary>
/// <param name="Status">
/// The HTTP status; 200 stands for whatever is answered where it arrives. Null when its connection is closed, and
/// always where connections are asked about.
/// </param>
/// <param name="GrpcStatus">The gRPC status that a proxy answers a gRPC caller with; null for everything else.</param>
/// <param name="Outcome">What happens, see <see cref="OutcomeKind"/>.</param>
/// <param name="ReachesApplication">Whether the application sees the request.</param>
/// <param name="IsCertain">False when chance decides between several outcomes; this is then the likeliest.</param>
/// <param name="Reason">One sentence that says why.</param>
/// <param name="Outcomes">Everything that may happen, the likeliest first.</param>
internal sealed record VerdictView(
    int? Status,
    int? GrpcStatus,
    OutcomeKind Outcome,
    bool ReachesApplication,
    bool IsCertain,
    string Reason,
    ImmutableArray<OutcomeView> Outcomes);

/// <summary>One thing that may happen.</summary>
/// <param name="Percent">How many of such requests it happens to, from 0 to 100.</param>
/// <param name="Status">As in the verdict.</param>
/// <param name="GrpcStatus">As in the verdict.</param>
/// <param name="Outcome">What happens.</param>
/// <param name="ReachesApplication">Whether the application sees the request.</param>
/// <param name="Reason">One sentence that says why.</param>
internal sealed record OutcomeView(
    double Percent, int? Status, int? GrpcStatus, OutcomeKind Outcome, bool ReachesApplication, string Reason);

/// <summary>Who sends the request.</summary>
/// <param name="Namespace">Its namespace: short names are of this one.</param>
/// <param name="Workload">The workload's name; null when it is only described.</param>
/// <param name="ServiceAccount">What it runs as.</param>
/// <param name="Identity">The SPIFFE ID that it proves to sidecars; null when it proves none.</param>
/// <param name="Labels">What selectors see of it.</param>
/// <param name="Plaintext">It has no sidecar.</param>
internal sealed record SourceView(
    string Namespace,
    string? Workload,
    string ServiceAccount,
    string? Identity,
    ImmutableSortedDictionary<string, string> Labels,
    bool Plaintext)
{
    /// <summary>The gateway at which somebody from outside enters; null for a call of the mesh.</summary>
    public string? Gateway { get; init; }

    /// <summary>The client's address; null when unknown.</summary>
    public string? Address { get; init; }
}

/// <summary>Whom the request is sent to.</summary>
/// <param name="Authority">The host as the client writes it.</param>
/// <param name="Port">The port that decides about the listener.</param>
/// <param name="Host">
/// The full name that it stands for in the client's namespace; null when nothing of the mesh has it.
/// </param>
/// <param name="Method">The method.</param>
/// <param name="Path">Path and query after the one normalisation; as sent when they are refused.</param>
internal sealed record DestinationView(string Authority, int Port, string? Host, string Method, string Path)
{
    /// <summary>What is spoken.</summary>
    public CallProtocol Protocol { get; init; }

    /// <summary>The name that the client's TLS handshake asks for; empty without.</summary>
    public string ServerName { get; init; } = "";
}

/// <summary>What the client's sidecar does, or a gateway.</summary>
/// <param name="VirtualHost">
/// The virtual host that takes the authority, or what takes the connection; null when none does.
/// </param>
/// <param name="VirtualServices">Those that might answer for the host, oldest first.</param>
/// <param name="Routes">The virtual host's routes in order, with the conditions that are not for this client.</param>
/// <param name="Action">What the matching route does; null when none matches.</param>
internal sealed record OutboundView(
    string? VirtualHost,
    ImmutableArray<CandidateView> VirtualServices,
    ImmutableArray<RouteView> Routes,
    ActionView? Action);

/// <summary>A resource that might have counted.</summary>
/// <param name="Name">Its <c>namespace/name</c>.</param>
/// <param name="Counts">Whether it does.</param>
/// <param name="Reason">Why, as half a sentence.</param>
internal sealed record CandidateView(string Name, bool Counts, string Reason)
{
    /// <summary>As it is told.</summary>
    public static CandidateView Of(Candidate candidate) =>
        new($"{candidate.Key.Namespace}/{candidate.Key.Name}", candidate.Counts, candidate.Reason);
}

/// <summary>How far a route was looked at.</summary>
internal enum RouteVerdict
{
    /// <summary>It takes the request.</summary>
    Matched,

    /// <summary>A condition does not hold.</summary>
    Differs,

    /// <summary>It is not for this client, and so not in its table.</summary>
    NotForClient,

    /// <summary>One before it takes the request.</summary>
    NotReached,
}

/// <summary>One route.</summary>
/// <param name="Place">
/// Its place in the VirtualService, e.g. <c>http[0].match[1]</c>; empty for one that none has written.
/// </param>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Verdict">How far it was looked at.</param>
/// <param name="Reason">The first condition that does not hold, as half a sentence; empty for a match.</param>
internal sealed record RouteView(string Place, string Name, RouteVerdict Verdict, string Reason);

/// <summary>What a route does.</summary>
/// <param name="Kind"><c>forward</c>, <c>redirect</c>, <c>directResponse</c>, or <c>carry</c> for bytes.</param>
/// <param name="Details">
/// What else is in force, half a sentence each: faults, rewrites, header changes, timeouts, retries.
/// </param>
internal sealed record ActionView(string Kind, ImmutableArray<string> Details);

/// <summary>One cluster that the request may go to.</summary>
/// <param name="Name">Its name, e.g. <c>outbound|80|v1|cart.shop.svc.cluster.local</c>.</param>
/// <param name="Percent">Its share of the requests that are forwarded, from 0 to 100.</param>
/// <param name="Exists">False when the client's sidecar has no such cluster.</param>
/// <param name="DestinationRules">Those that might count for its service.</param>
/// <param name="Tls">How its connections are secured, as half a sentence.</param>
/// <param name="Endpoints">How many there are; null when it has none of its own.</param>
/// <param name="Inbound">What happens at the members that may be chosen; equal ones are told together.</param>
internal sealed record ClusterView(
    string Name,
    double Percent,
    bool Exists,
    ImmutableArray<CandidateView> DestinationRules,
    string Tls,
    EndpointsView? Endpoints,
    ImmutableArray<InboundView> Inbound)
{
    /// <summary>The lane that the request is in there; null where no lane covers the service.</summary>
    public LaneView? Lane { get; init; }
}

/// <summary>Who serves a request of which lanes speak.</summary>
internal enum LaneServer
{
    /// <summary>The lane's members.</summary>
    Lane,

    /// <summary>Those outside of all lanes.</summary>
    Base,

    /// <summary>Nobody.</summary>
    Nobody,
}

/// <summary>The lane of a request where it goes to a service that lanes cover.</summary>
/// <param name="Name">The lane; null when it is in none.</param>
/// <param name="Cause">How it came to be there, or why it is in none.</param>
/// <param name="ServedBy">Who serves it.</param>
/// <param name="Reason">Both in words.</param>
internal sealed record LaneView(string? Name, LaneCause Cause, LaneServer ServedBy, string Reason);

/// <summary>The members of a cluster.</summary>
/// <param name="Healthy">Those that may be chosen.</param>
/// <param name="Draining">Those that leave: they get nothing new.</param>
/// <param name="Unhealthy">Those that are registered and get nothing.</param>
/// <param name="Mesh">Of the healthy: those that are called with mesh mTLS.</param>
internal sealed record EndpointsView(int Healthy, int Draining, int Unhealthy, int Mesh);

/// <summary>What happens at members of a cluster that are alike.</summary>
/// <param name="Workloads">Their names, at most 10.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Port">The workload port.</param>
/// <param name="Transport">How the request comes in: <c>mutualTls</c>, <c>tls</c> or <c>plaintext</c>.</param>
/// <param name="Authentication">
/// The mode of PeerAuthentication; null when there is no sidecar, or it is not known here.
/// </param>
/// <param name="AuthenticationFrom">Who says so: the policy and how near to the port it stands.</param>
/// <param name="Token">
/// Whose token counts, e.g. <c>of issuer/subject</c>, or why none does; empty where no RequestAuthentication looks for one.
/// </param>
/// <param name="Authorizer">
/// The external authorizer that has to allow the request, and the rule that says so; empty when none has to. It is not called:
/// all else is told as if it did.
/// </param>
/// <param name="Policies">The AuthorizationPolicies of its namespace and of the root namespace.</param>
/// <param name="RateLimits">The limits that count this request.</param>
/// <param name="Status">The status that the client sees; null when its connection is closed.</param>
/// <param name="Reason">One sentence that says why.</param>
internal sealed record InboundView(
    ImmutableArray<string> Workloads,
    int Count,
    int Port,
    string Transport,
    string? Authentication,
    string AuthenticationFrom,
    string Token,
    string Authorizer,
    ImmutableArray<PolicyView> Policies,
    ImmutableArray<string> RateLimits,
    int? Status,
    string Reason)
{
    /// <summary>What becomes of it there.</summary>
    public OutcomeKind Outcome { get; init; }

    /// <summary>What a gateway does with it; null for workloads.</summary>
    public GatewayView? Gateway { get; init; }
}

/// <summary>What a gateway does with what comes to one of its ports.</summary>
/// <param name="Listener">The listener; empty when nothing is open there.</param>
/// <param name="Tls">What it asks of a handshake, as half a sentence; empty without.</param>
/// <param name="Servers">The servers of Gateways that share the port: which take it, and why the others do not.</param>
/// <param name="Outbound">How it is routed; null when it is refused before.</param>
/// <param name="Clusters">Where it may go on to.</param>
internal sealed record GatewayView(
    string Listener,
    string Tls,
    ImmutableArray<CandidateView> Servers,
    OutboundView? Outbound,
    ImmutableArray<ClusterView> Clusters);

/// <summary>One AuthorizationPolicy.</summary>
/// <param name="Name">Its <c>namespace/name</c>.</param>
/// <param name="Action">What it does with requests that it matches.</param>
/// <param name="Applies">Whether it concerns the workload.</param>
/// <param name="DryRun">It decides nothing.</param>
/// <param name="MatchedRule">The first rule that matches, from 0; null when none does.</param>
/// <param name="Reason">Why it does not concern the workload; empty when it does.</param>
/// <param name="Rules">Its rules in order: empty text for one that matches, else the first thing that does not.</param>
/// <param name="Provider">The external authorizer that a CUSTOM policy asks; null for others.</param>
internal sealed record PolicyView(
    string Name,
    string Action,
    bool Applies,
    bool DryRun,
    int? MatchedRule,
    string Reason,
    ImmutableArray<string> Rules,
    string? Provider);
