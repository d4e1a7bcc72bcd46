using System.Collections.Immutable;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Grains.Identity;

/// <summary>An authority that somebody else has made for this mesh, and may replace at any time.</summary>
public interface IPluggedAuthority
{
    /// <summary>Reads it as it is now; null when there is none. The root's key is not part of it.</summary>
    /// <exception cref="FormatException">There is something that cannot be used; the message says why.</exception>
    Task<AuthorityMaterial?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Reads the lists of revoked certificates beside it as they are now, unproved; none when there are none. The very same
    /// array while they are the same.
    /// </summary>
    /// <exception cref="FormatException">There is something that cannot be used; the message says why.</exception>
    Task<ImmutableArray<RevocationList>> ReadRevokedAsync(CancellationToken cancellationToken);
}

/// <summary>The mesh makes its authority itself.</summary>
internal sealed class NoPluggedAuthority : IPluggedAuthority
{
    public Task<AuthorityMaterial?> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult<AuthorityMaterial?>(null);

    public Task<ImmutableArray<RevocationList>> ReadRevokedAsync(CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<RevocationList>.Empty);
}
