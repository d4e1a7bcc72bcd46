using System.Text.Json;

namespace MeshOrleans.Cli.Answers;

/// <summary>The body of <c>POST /v1/tokens</c>; what is null takes the API's default.</summary>
internal sealed record TokenRequest(
    string Purpose,
    string? Namespace = null,
    string? ServiceAccount = null,
    string? Group = null,
    double? LifetimeSeconds = null,
    string? Node = null)
{
    public const string Workload = "workload";
    public const string Peer = "peer";
}

/// <summary>A new one-time token.</summary>
internal sealed record TokenAnswer(
    string Token, DateTimeOffset ExpiresAt, string? Namespace = null, string? ServiceAccount = null)
{
    public override string ToString() => nameof(TokenAnswer);
}

/// <summary>The body of <c>POST /v1/workloads</c>; what is null takes the API's default.</summary>
internal sealed record WorkloadRequest(
    string Namespace,
    string Name,
    string Address,
    IReadOnlyDictionary<string, int> Ports,
    IReadOnlyDictionary<string, string> Labels,
    string? ServiceAccount = null,
    string? Locality = null,
    string? Network = null,
    string? Group = null,
    int? Weight = null,
    double? LeaseSeconds = null);

/// <summary>What a new member is told; <paramref name="SidecarConfig"/> holds a token.</summary>
internal sealed record WorkloadAnswer(
    string Id,
    bool Created = false,
    string SpiffeId = "",
    double LeaseSeconds = 0,
    string Xds = "",
    JsonElement SidecarConfig = default)
{
    public override string ToString() => $"WorkloadAnswer {{ Id = {Id} }}";
}

/// <summary>The body of <c>POST /v1/certificates</c>.</summary>
internal sealed record SignRequest(string Csr, string Node);

/// <summary>A signed certificate, leaf first; the root is not part of it.</summary>
internal sealed record CertificateAnswer(
    string[] Chain, string Serial = "", DateTimeOffset NotAfter = default, DateTimeOffset RotateAt = default);

/// <summary>The roots of a trust domain.</summary>
internal sealed record TrustBundleAnswer(string[] Roots, string TrustDomain = "", string[]? Crls = null);

/// <summary>The body of <c>POST /v1/peers</c>.</summary>
internal sealed record PeerRequest(string Name, string Address, string Token)
{
    public override string ToString() => $"PeerRequest {{ Name = {Name}, Address = {Address} }}";
}

/// <summary>A new link.</summary>
internal sealed record PeerAnswer(string Name, string TrustDomain = "");

/// <summary>What <c>meshctl version -o json</c> prints.</summary>
internal sealed record VersionAnswer(string Client);
