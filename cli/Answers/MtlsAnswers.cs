namespace MeshOrleans.Cli.Answers;

/// <summary>What <c>/v1/mtls/readiness</c> says of a namespace.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Status">CALLERS, UNKNOWN, READY or STRICT.</param>
/// <param name="WatchedSince">Since when all sidecars that watch have.</param>
/// <param name="Workloads">How many workloads would begin to demand mesh mTLS.</param>
/// <param name="Watched">Of how many of them the sidecar watches now.</param>
/// <param name="WithoutSidecar">How many others have no sidecar.</param>
/// <param name="RememberedDays">For how long callers are remembered.</param>
/// <param name="Callers">Who was seen.</param>
/// <param name="Unwatched">Workloads whose callers nobody sees now.</param>
/// <param name="Exempt">How many workloads would take plaintext still, by policies of their own.</param>
/// <param name="Crowded">How many sidecars have seen as many callers as are remembered of one.</param>
internal sealed record ReadinessAnswer(
    string Namespace = "",
    string Status = "",
    DateTimeOffset? WatchedSince = null,
    int Workloads = 0,
    int Watched = 0,
    int WithoutSidecar = 0,
    double RememberedDays = 0,
    IReadOnlyList<PlaintextCallerRow>? Callers = null,
    IReadOnlyList<UnwatchedRow>? Unwatched = null,
    int Exempt = 0,
    int Crowded = 0);

/// <summary>One caller of one workload port.</summary>
internal sealed record PlaintextCallerRow(
    string Workload = "",
    int Port = 0,
    string Address = "",
    IReadOnlyList<string>? Members = null,
    string Kind = "",
    long Connections = 0,
    int Open = 0,
    DateTimeOffset FirstSeen = default,
    DateTimeOffset LastSeen = default,
    string Mode = "",
    string Standing = "",
    string Policy = "");

/// <summary>A workload whose callers nobody sees now.</summary>
internal sealed record UnwatchedRow(string Workload = "", string Reason = "");

/// <summary>How many callers were forgotten.</summary>
internal sealed record ForgetAnswer(int Forgotten = 0);
