using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Grains.Identity.Revocations;

/// <summary>What the authority remembers of revoked certificates, and what of that everybody is told.</summary>
internal static class RevocationMachine
{
    /// <summary>The most certificates that are revoked one by one at a time.</summary>
    public const int MaxRevoked = 4_096;

    /// <summary>How far the clock of whoever has signed a plugged-in list may be ahead.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    // Every change of what is revoked has all proxies judge their peers anew.
    private static readonly TimeSpan _pruneEvery = TimeSpan.FromDays(1);

    /// <summary>Why one more certificate cannot be revoked; null when it can.</summary>
    /// <param name="state">The authority.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="serial">The certificate.</param>
    public static string? WhyNot(AuthorityState state, AuthorityKeys keys, string serial)
    {
        foreach (var held in keys.All)
        {
            if (HeldAuthorities.SerialsOf(held).Contains(serial))
            {
                return "That is a certificate of the authority itself: replace the root (meshctl certs rotate-root), or plug in "
                    + "another authority.";
            }

            if (!SignedLists.MaySign(held))
            {
                return "The key usage of the plugged-in signing certificate lacks cRLSign, so that it can revoke nothing: have it "
                    + "issued with keyCertSign and cRLSign.";
            }
        }

        return state.Revoked.Length < MaxRevoked
            ? null
            : $"{MaxRevoked} certificates are revoked already, as many as are told of one by one: replace the root "
                + "(meshctl certs rotate-root) and all certificates under it.";
    }

    /// <summary>A certificate is revoked; the very same state when it was.</summary>
    public static AuthorityState Revoke(AuthorityState state, RevocationRecord record) =>
        Find(state, record.Serial) is not null ? state : state with { Revoked = [.. state.Revoked, record] };

    /// <summary>The record of a certificate; null when it is not revoked.</summary>
    public static RevocationRecord? Find(AuthorityState state, string serial) =>
        state.Revoked.FirstOrDefault(r => r.Serial == serial);

    /// <summary>
    /// Forgets what has ended for so long that no policy lets it count any more, once a day: the very same state when there is
    /// nothing, or not yet. It is told of for a day longer at the most.
    /// </summary>
    public static AuthorityState Prune(AuthorityState state, DateTimeOffset now)
    {
        var past = now - EndedCertificateProof.LongestGrace;
        var isDue = state.Revoked.Any(r => past - r.NotAfter >= _pruneEvery)
            || (!state.Revoked.IsEmpty && state.Revoked.All(r => r.NotAfter <= past));
        return isDue ? state with { Revoked = [.. state.Revoked.Where(r => r.NotAfter > past)] } : state;
    }

    /// <summary>What is wrong with lists of the operator's, as a sentence; null when nothing is.</summary>
    /// <param name="lists">The lists.</param>
    /// <param name="keys">The authorities whose lists they may be.</param>
    /// <param name="now">The time.</param>
    public static string? FindFault(ImmutableArray<RevocationList> lists, AuthorityKeys keys, DateTimeOffset now)
    {
        foreach (var list in lists)
        {
            if (!HeldAuthorities.HaveSigned(list, keys))
            {
                return $"The list of {HeldAuthorities.NameOf(list)} is signed by none of the authorities that are in use (or in a "
                    + "way other than RSA PKCS#1 or ECDSA with SHA-2): put the lists of root-cert.pem, cert-chain.pem and "
                    + "ca-cert.pem there, and those alone.";
            }

            if (list.ThisUpdate > now + ClockTolerance)
            {
                return $"The list of {HeldAuthorities.NameOf(list)} is of {list.ThisUpdate.UtcDateTime:u}, which is yet to come: "
                    + "check the clock of whoever has signed it, and this machine's.";
            }
        }

        return null;
    }

    /// <summary>
    /// Takes lists of the operator's over: of each issuer the newest, as another silo may still have older files. Those of
    /// authorities that are gone leave. The very same state when nothing differs.
    /// </summary>
    public static AuthorityState PlugIn(AuthorityState state, ImmutableArray<RevocationList> lists, AuthorityKeys keys)
    {
        var held = RevocationListReader.ReadTold(state.PluggedCrls);
        var next = lists
            .Concat(held)
            .Where(list => HeldAuthorities.HaveSigned(list, keys))
            .GroupBy(HeldAuthorities.KeyOf)
            .Select(group => group.MaxBy(list => list.ThisUpdate)!) // the first of equals: of the files
            .Select(list => list.ToPem())
            .Order(StringComparer.Ordinal)
            .ToImmutableArray();
        return next.SequenceEqual(state.PluggedCrls) ? state : state with { PluggedCrls = next };
    }

    /// <summary>
    /// Keeps the last list of a signing certificate whose key is gone, as long as that lasts: it is told of with the others. The
    /// very same state when it is kept already, or has ended.
    /// </summary>
    public static AuthorityState Keep(AuthorityState state, string last, DateTimeOffset now)
    {
        if (state.FormerCrls.Contains(last) || RevocationListReader.ReadTold([last]).All(list => list.NextUpdate <= now)) return state;
        var issuers = RevocationListReader.ReadTold([last]).Select(HeldAuthorities.KeyOf).ToHashSet(StringComparer.Ordinal);
        var kept = state.FormerCrls.Where(pem => RevocationListReader.ReadTold([pem])
            .All(list => list.NextUpdate > now && !issuers.Contains(HeldAuthorities.KeyOf(list))));
        return state with { FormerCrls = [.. kept, last] };
    }

    /// <summary>Tells everybody what is revoked; the very same state when everybody has been.</summary>
    public static AuthorityState Tell(AuthorityState state, AuthorityKeys keys, TrustDomain domain, DateTimeOffset now)
    {
        var basis = SignedLists.BasisOf(state, keys);
        if (basis == state.CrlBasis) return state;
        var number = state.CrlNumber + 1;
        var lists = basis.Length == 0 ? [] : SignedLists.All(state, keys, number, now);
        return (state with { CrlBasis = basis, CrlNumber = number }).WithLists(domain, lists);
    }
}
