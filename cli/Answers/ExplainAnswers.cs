using System.Text.Json.Nodes;

namespace MeshOrleans.Cli.Answers;

/// <summary>The body of <c>POST /v1/explain</c>. A header is a text, or a list of texts where it has several lines.</summary>
internal sealed record ExplainRequest(
    string From,
    string To,
    string Method,
    string Path,
    IReadOnlyDictionary<string, JsonNode> Headers,
    bool? Plaintext = null,
    string? ServiceAccount = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    string? Gateway = null,
    string? Protocol = null,
    string? ServerName = null,
    string? ClientAddress = null);

/// <summary>The way of one request or connection through the mesh.</summary>
internal sealed record ExplainAnswer(
    ExplainVerdict Verdict,
    ExplainSource Source,
    ExplainDestination Destination,
    ExplainOutbound? Outbound = null,
    IReadOnlyList<ExplainCluster>? Clusters = null,
    ExplainInbound? Entry = null);

/// <summary>What the client would see; no status when its connection is closed.</summary>
internal sealed record ExplainVerdict(
    int? Status = null,
    int? GrpcStatus = null,
    string Outcome = "",
    bool IsCertain = true,
    string Reason = "",
    IReadOnlyList<ExplainOutcome>? Outcomes = null,
    bool ReachesApplication = false);

/// <summary>One thing that may happen.</summary>
internal sealed record ExplainOutcome(
    double Percent,
    int? Status = null,
    int? GrpcStatus = null,
    string Outcome = "",
    string Reason = "",
    bool ReachesApplication = false);

/// <summary>Who sends the request.</summary>
internal sealed record ExplainSource(
    string Namespace = "",
    string? Workload = null,
    string ServiceAccount = "",
    string? Identity = null,
    bool Plaintext = false,
    string? Gateway = null,
    string? Address = null);

/// <summary>Whom it is sent to.</summary>
internal sealed record ExplainDestination(
    string Authority = "",
    int Port = 0,
    string? Host = null,
    string Method = "",
    string Path = "",
    string Protocol = "Http",
    string ServerName = "")
{
    /// <summary>A connection was asked about, and not a request.</summary>
    public bool IsConnection => Protocol is "Tcp" or "Tls";
}

/// <summary>What the client's sidecar does.</summary>
internal sealed record ExplainOutbound(
    string? VirtualHost = null,
    IReadOnlyList<ExplainCandidate>? VirtualServices = null,
    IReadOnlyList<ExplainRoute>? Routes = null,
    ExplainAction? Action = null);

/// <summary>A resource that might have counted.</summary>
internal sealed record ExplainCandidate(string Name = "", bool Counts = false, string Reason = "");

/// <summary>One route; <paramref name="Verdict"/> is Matched, Differs, NotForClient or NotReached.</summary>
internal sealed record ExplainRoute(string Place = "", string Name = "", string Verdict = "", string Reason = "");

/// <summary>What the route does.</summary>
internal sealed record ExplainAction(string Kind = "", IReadOnlyList<string>? Details = null);

/// <summary>Where the request may go.</summary>
internal sealed record ExplainCluster(
    string Name = "",
    double Percent = 0,
    bool Exists = true,
    IReadOnlyList<ExplainCandidate>? DestinationRules = null,
    string Tls = "",
    ExplainEndpoints? Endpoints = null,
    IReadOnlyList<ExplainInbound>? Inbound = null,
    ExplainLane? Lane = null);

/// <summary>Its lane, and who serves it.</summary>
internal sealed record ExplainLane(string? Name = null, string ServedBy = "", string Reason = "");

/// <summary>How many members it has.</summary>
internal sealed record ExplainEndpoints(int Healthy = 0, int Draining = 0, int Unhealthy = 0, int Mesh = 0);

/// <summary>What happens at members that are alike.</summary>
internal sealed record ExplainInbound(
    IReadOnlyList<string>? Workloads = null,
    int Count = 0,
    int Port = 0,
    string Transport = "",
    string? Authentication = null,
    string AuthenticationFrom = "",
    string Token = "",
    string Authorizer = "",
    IReadOnlyList<ExplainPolicy>? Policies = null,
    IReadOnlyList<string>? RateLimits = null,
    int? Status = null,
    string Reason = "",
    string Outcome = "",
    ExplainGateway? Gateway = null);

/// <summary>What a gateway does with what comes to it.</summary>
internal sealed record ExplainGateway(
    string Listener = "",
    string Tls = "",
    IReadOnlyList<ExplainCandidate>? Servers = null,
    ExplainOutbound? Outbound = null,
    IReadOnlyList<ExplainCluster>? Clusters = null);

/// <summary>One AuthorizationPolicy; the text of a rule is empty when it matches.</summary>
internal sealed record ExplainPolicy(
    string Name = "",
    string Action = "",
    bool Applies = false,
    bool DryRun = false,
    int? MatchedRule = null,
    string Reason = "",
    IReadOnlyList<string>? Rules = null,
    string? Provider = null);
