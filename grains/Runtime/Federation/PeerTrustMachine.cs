using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Federation;

/// <summary>Who vouches for a foreign trust domain, and with which roots.</summary>
internal static class PeerTrustMachine
{
    /// <summary>Takes over a link's roots.</summary>
    /// <param name="state">The domain as it stands.</param>
    /// <param name="domainName">Its name.</param>
    /// <param name="ownDomain">This mesh's own domain, which no link may hold.</param>
    /// <param name="link">The link.</param>
    /// <param name="rootsPem">Its roots.</param>
    public static (PeerTrustState Next, LinkResult Result) Hold(
        PeerTrustState state, string domainName, string ownDomain, string link, ImmutableArray<string> rootsPem)
    {
        if (!TrustDomain.TryParse(domainName, out var domain)) return Refuse($"'{domainName}' is no trust domain.");
        if (domain.Name == ownDomain) return Refuse($"{domain} is this mesh's own trust domain.");
        if (state.Link.Length > 0 && state.Link != link)
        {
            return Refuse($"Trust domain {domain} belongs to link {state.Link}.");
        }

        if (RootRules.WhyNot(rootsPem) is { } reason) return Refuse(reason);
        if (state.Link == link && rootsPem.SequenceEqual(state.RootsPem, StringComparer.Ordinal))
        {
            return (state, new LinkResult.Done());
        }

        var held = state with { Link = link, RootsPem = rootsPem };
        return (Told(held, domain, state.Entries.Version + 1), new LinkResult.Done());

        (PeerTrustState, LinkResult) Refuse(string why) => (state, new LinkResult.Refused(why));
    }

    /// <summary>Takes over what a link's mesh has revoked: it counts for its own trust domain only.</summary>
    /// <param name="state">The domain as it stands.</param>
    /// <param name="domainName">Its name.</param>
    /// <param name="link">The link.</param>
    /// <param name="crlsPem">Its lists.</param>
    public static (PeerTrustState Next, LinkResult Result) TellRevoked(
        PeerTrustState state, string domainName, string link, ImmutableArray<string> crlsPem)
    {
        if (crlsPem.IsDefault || state.Link != link || !TrustDomain.TryParse(domainName, out var domain))
        {
            return (state, new LinkResult.Refused($"Trust domain {domainName} does not belong to link {link}."));
        }

        if (crlsPem.SequenceEqual(state.CrlsPem, StringComparer.Ordinal)) return (state, new LinkResult.Done());
        if (!RevocationListReader.TryReadPem(string.Concat(crlsPem), RevocationListReader.MaxTold, out _, out var problem))
        {
            return (state, new LinkResult.Refused($"What {domain} has revoked {problem}."));
        }

        return (Told(state with { CrlsPem = crlsPem }, domain, SequenceOf(state, domain)), new LinkResult.Done());
    }

    /// <summary>Ends a link's hold; the very same state when it has none.</summary>
    public static PeerTrustState Release(PeerTrustState state, string domainName, string link) =>
        state.Link != link
            ? state
            : new PeerTrustState { Entries = state.Entries.Remove(SnapshotKey.Trust + domainName) };

    private static PeerTrustState Told(PeerTrustState state, TrustDomain domain, long sequence)
    {
        var bundle = new TrustBundle(domain, state.RootsPem, sequence, IsLocal: false) { CrlsPem = state.CrlsPem };
        return state with { Entries = state.Entries.Put(SnapshotKey.Trust + domain, SnapshotPayload.Write(bundle)) };
    }

    // it rises with the roots only
    private static long SequenceOf(PeerTrustState state, TrustDomain domain) =>
        SnapshotPayload.ReadBundle(state.Entries.Held[SnapshotKey.Trust + domain].Payload!).Sequence;
}
