using System.Collections.Immutable;
using System.Text.Json;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>What the mesh that links itself says of itself.</summary>
/// <param name="TrustDomain">Its trust domain, which is also the name of the link at the other end.</param>
/// <param name="Roots">Its roots, PEM.</param>
/// <param name="Address">Where its TLS port answers, <c>host:port</c>.</param>
/// <param name="Credential">What the other mesh is to present when it calls back.</param>
public sealed record LinkRequest(string TrustDomain, ImmutableArray<string> Roots, string Address, string Credential)
{
    /// <inheritdoc/>
    public override string ToString() => $"LinkRequest {{ TrustDomain = {TrustDomain}, Address = {Address} }}";
}

/// <summary>What the other mesh answers.</summary>
/// <param name="TrustDomain">Its trust domain.</param>
/// <param name="Roots">Its roots, PEM.</param>
/// <param name="Credential">What to present when calling it.</param>
public sealed record LinkAnswer(string TrustDomain, ImmutableArray<string> Roots, string Credential)
{
    /// <inheritdoc/>
    public override string ToString() => $"LinkAnswer {{ TrustDomain = {TrustDomain} }}";
}

/// <summary>Everything a mesh exports to a peer, read as a whole.</summary>
/// <param name="TrustDomain">Its trust domain.</param>
/// <param name="Roots">Its roots, PEM.</param>
/// <param name="Services">Its exported services, each as <see cref="SnapshotPayload"/> writes it.</param>
public sealed record ExportAnswer(string TrustDomain, ImmutableArray<string> Roots, ImmutableArray<string> Services)
{
    /// <summary>Lists of what it has revoked, PEM; null from meshes of former versions, which do not say.</summary>
    public ImmutableArray<string>? Crls { get; init; }
}

/// <summary>A peer's trust bundle as <c>GET /v1/trust-bundle</c> answers it.</summary>
public sealed record BundleAnswer(string TrustDomain, ImmutableArray<string> Roots, long Sequence);

internal static class FederationJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web) { MaxDepth = 16 };
}
