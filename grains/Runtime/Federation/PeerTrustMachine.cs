using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
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

        var bundle = new TrustBundle(domain, rootsPem, state.Entries.Version + 1, IsLocal: false);
        var entries = state.Entries.Put(SnapshotKey.Trust + domain, SnapshotPayload.Write(bundle));
        return (new PeerTrustState { Link = link, RootsPem = rootsPem, Entries = entries }, new LinkResult.Done());

        (PeerTrustState, LinkResult) Refuse(string why) => (state, new LinkResult.Refused(why));
    }

    /// <summary>Ends a link's hold; the very same state when it has none.</summary>
    public static PeerTrustState Release(PeerTrustState state, string domainName, string link) =>
        state.Link != link
            ? state
            : new PeerTrustState { Entries = state.Entries.Remove(SnapshotKey.Trust + domainName) };
}
