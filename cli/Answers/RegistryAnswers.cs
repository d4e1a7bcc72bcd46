namespace MeshOrleans.Cli.Answers;

/// <summary>One service.</summary>
internal sealed record ServiceRow(
    string Host,
    string Namespace = "",
    string Name = "",
    string Origin = "",
    IReadOnlyList<ServicePortRow>? Ports = null,
    int Endpoints = 0,
    int Healthy = 0);

/// <summary>One port of a service.</summary>
internal sealed record ServicePortRow(string Name, int Number, string Protocol);

/// <summary>One member of the mesh.</summary>
internal sealed record WorkloadRow(
    string Namespace,
    string Name,
    string Address = "",
    IReadOnlyDictionary<string, int>? Ports = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    string ServiceAccount = "",
    string Health = "",
    bool HasSidecar = false,
    string SpiffeId = "",
    string Locality = "",
    string Network = "",
    int Weight = 1,
    string Group = "");

/// <summary>One proxy and what it holds.</summary>
internal sealed record ProxyRow(
    string Id,
    string Namespace = "",
    string SpiffeId = "",
    string Address = "",
    string Gateway = "",
    string UserAgent = "",
    string Status = "",
    DateTimeOffset Since = default,
    IReadOnlyList<ProxyTypeRow>? Types = null,
    IReadOnlyList<string>? UsedHosts = null);

/// <summary>One resource type of a proxy.</summary>
internal sealed record ProxyTypeRow(
    string Type,
    string Status,
    string SentVersion = "",
    string AckedVersion = "",
    long Revision = 0,
    string Nack = "",
    DateTimeOffset Since = default);

/// <summary>One certificate in use.</summary>
internal sealed record IdentityRow(
    string SpiffeId,
    string Node = "",
    string Serial = "",
    string Issuer = "",
    DateTimeOffset NotBefore = default,
    DateTimeOffset NotAfter = default,
    DateTimeOffset NextRotation = default,
    int RemainingPercent = 0,
    DateTimeOffset? LastRotation = null,
    string Root = "",
    bool IsDue = false);

/// <summary>A call that needs nothing said.</summary>
internal sealed record EmptyRequest;

/// <summary>Whose certificates are to be replaced, and over what time.</summary>
internal sealed record RotateRequest(string? SpiffeId, string? Namespace, double? SpreadSeconds);

/// <summary>How many that are.</summary>
internal sealed record RotateAnswer(int Identities = 0, int Due = 0, double SpreadSeconds = 0);

/// <summary>A certificate that is revoked.</summary>
internal sealed record RevocationRow(
    string Serial,
    string SpiffeId = "",
    string Reason = "",
    DateTimeOffset RevokedAt = default,
    DateTimeOffset NotAfter = default);

/// <summary>The certificate authority.</summary>
internal sealed record AuthorityRow(
    string Phase,
    DateTimeOffset? Since = null,
    DateTimeOffset? NextStepAt = null,
    IReadOnlyList<RootRow>? Roots = null,
    AudienceRow? Proxies = null,
    IReadOnlyList<string>? Missed = null,
    int MissedCount = 0,
    bool IsTurnedBack = false,
    IReadOnlyList<string>? Warnings = null,
    IReadOnlyList<string>? CutOff = null,
    int CutOffCount = 0);

/// <summary>One of its roots.</summary>
internal sealed record RootRow(
    string Fingerprint,
    string Subject = "",
    DateTimeOffset NotAfter = default,
    bool Signs = false,
    DateTimeOffset? SignsUntil = null,
    bool RenewsItself = true);

/// <summary>Who has its roots.</summary>
internal sealed record AudienceRow(int Holding = 0, int Lagging = 0, IReadOnlyList<string>? LaggingNodes = null);

/// <summary>One federated mesh.</summary>
internal sealed record PeerRow(
    string Name,
    string TrustDomain = "",
    string Address = "",
    string Status = "",
    double? AgeSeconds = null,
    string? Error = null,
    IReadOnlyList<string>? Imported = null,
    IReadOnlyList<string>? Exported = null);
