using System.Collections.Immutable;

namespace MeshOrleans.Model.Identity;

/// <summary>The root certificates that vouch for one trust domain, and for no other.</summary>
/// <param name="TrustDomain">Whose identities these roots may sign.</param>
/// <param name="RootsPem">PEM certificates, oldest first.</param>
/// <param name="Sequence">Rises with every change of the set.</param>
/// <param name="IsLocal">True for this mesh's own domain, false for a federated one.</param>
public sealed record TrustBundle(TrustDomain TrustDomain, ImmutableArray<string> RootsPem, long Sequence, bool IsLocal)
{
    private readonly ImmutableArray<string> _crlsPem = [];

    /// <summary>
    /// Lists of certificates that are revoked, PEM, of authorities under these roots; none when nothing is. They may change
    /// without another sequence.
    /// </summary>
    public ImmutableArray<string> CrlsPem
    {
        get => _crlsPem;
        init => _crlsPem = value.IsDefault ? [] : value; // not written by former versions
    }
}
