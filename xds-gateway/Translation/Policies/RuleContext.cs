using System.Collections.Immutable;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>What the meaning of an authorization rule depends on besides its text.</summary>
/// <param name="TrustDomains">The trust domains that count as this mesh's own.</param>
/// <param name="Namespace">The policy's namespace: that of service accounts without one.</param>
/// <param name="IsTcp">True where there are connections only: conditions on requests cannot be asked.</param>
/// <param name="IsAllow">
/// True for ALLOW: what cannot be asked makes the rule match nothing, else it is left out.
/// </param>
internal sealed record RuleContext(ImmutableArray<string> TrustDomains, string Namespace, bool IsTcp, bool IsAllow);
