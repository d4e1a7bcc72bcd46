using System.Collections.Frozen;

namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>
/// What is revoked in this mesh and in those that are linked to it. A mesh vouches for its own trust domain only, so its lists count
/// for certificates of that domain and for no others, whoever they say has issued them. Immutable.
/// </summary>
public sealed class RevokedByDomain
{
    private readonly FrozenDictionary<string, RevokedCertificates> _domains;

    private RevokedByDomain(FrozenDictionary<string, RevokedCertificates> domains)
    {
        _domains = domains;
        Fingerprint = string.Join(
            ',', domains.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key}:{d.Value.Fingerprint}"));
    }

    /// <summary>Nothing is revoked.</summary>
    public static RevokedByDomain None { get; } = new(FrozenDictionary<string, RevokedCertificates>.Empty);

    /// <summary>Another one when anything else is revoked; empty when nothing is.</summary>
    public string Fingerprint { get; }

    /// <summary>Whether nothing is revoked anywhere.</summary>
    public bool IsEmpty => _domains.Count == 0;

    /// <summary>All that the lists of some bundles name; of two of one domain the last counts.</summary>
    public static RevokedByDomain Of(IEnumerable<TrustBundle> bundles)
    {
        var domains = new Dictionary<string, RevokedCertificates>(StringComparer.Ordinal);
        foreach (var bundle in bundles)
        {
            if (RevokedCertificates.Of(bundle) is { Count: > 0 } revoked) domains[bundle.TrustDomain.Name] = revoked;
        }

        return domains.Count == 0 ? None : new RevokedByDomain(domains.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>What is revoked of one trust domain.</summary>
    public RevokedCertificates In(string trustDomain) =>
        _domains.GetValueOrDefault(trustDomain) ?? RevokedCertificates.None;
}
