using System.Collections.Immutable;

namespace MeshOrleans.Grains.Federation;

/// <summary>
/// The roots of one foreign trust domain, and the one link they came over. Key: the trust domain. It owns the domain's
/// entry in the snapshot, so that two links can never take turns in vouching for one domain.
/// </summary>
[Alias("mesh.IPeerTrustGrain")]
public interface IPeerTrustGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes over a link's roots; refused when another link holds the domain, or when it is this mesh's own.
    /// </summary>
    [Alias("Hold")]
    Task<LinkResult> HoldAsync(string link, ImmutableArray<string> rootsPem, CancellationToken cancellationToken);

    /// <summary>
    /// Takes over what a link's mesh has revoked, PEM; refused when it cannot be read, or when the link does not hold the domain.
    /// </summary>
    [Alias("TellRevoked")]
    Task<LinkResult> TellRevokedAsync(string link, ImmutableArray<string> crlsPem, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a link's hold and forgets the roots; does nothing when the link does not hold the domain.
    /// </summary>
    [Alias("Release")]
    Task ReleaseAsync(string link, CancellationToken cancellationToken);
}
