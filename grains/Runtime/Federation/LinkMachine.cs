using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Federation;

/// <summary>
/// What becomes of a link. Every function answers with the very state it was given when nothing changes.
/// </summary>
internal static class LinkMachine
{
    /// <summary>How old the published time of the last reading may become while nothing else changes.</summary>
    public static readonly TimeSpan SyncGrain = TimeSpan.FromSeconds(30);

    private const int MaxError = 512;

    /// <summary>
    /// Creates the link or replaces its terms; what was imported stays unless the trust domain is another one.
    /// </summary>
    public static LinkState Establish(LinkState state, string link, LinkTerms terms)
    {
        return state.Terms?.TrustDomain == terms.TrustDomain
            ? Told(state with { Terms = terms }, link, state.ImportKeys(), [])
            : Told(new LinkState { Terms = terms, Entries = state.Entries }, link, [], [], state.ImportKeys());
    }

    /// <summary>Takes over a full reading: what is no longer exported goes.</summary>
    public static LinkState Import(
        LinkState state,
        string link,
        ImmutableArray<string> rootsPem,
        ImmutableArray<ImportedService> services,
        DateTimeOffset now)
    {
        var put = services.ToDictionary(
            s => $"{SnapshotKey.Import}{link}/{s.Namespace}/{s.Name}", SnapshotPayload.Write, StringComparer.Ordinal);
        var gone = state.ImportKeys().Where(key => !put.ContainsKey(key)).ToList();
        var entries = state.Entries.With(put, gone);
        var fresh = state.Error is null && state.LastSync is { } last && now - last < SyncGrain;
        if (entries == state.Entries && fresh && state.Terms!.RootsPem.SequenceEqual(rootsPem)) return state;
        var next = state with { LastSync = now, Error = null, Terms = state.Terms! with { RootsPem = rootsPem } };
        return Told(next, link, put.Keys, put, gone);
    }

    /// <summary>An attempt to read the other mesh failed; what was imported stays.</summary>
    public static LinkState NoteFailure(LinkState state, string link, string error)
    {
        var text = error.Length > MaxError ? error[..MaxError] : error;
        return state.Terms is null || state.Error == text
            ? state
            : Told(state with { Error = text }, link, state.ImportKeys(), []);
    }

    /// <summary>Ends the link; only its version remains.</summary>
    public static LinkState Remove(LinkState state) => state.Terms is null
        ? state
        : new LinkState { Entries = state.Entries.With([], state.Entries.Held.Keys.ToList()) };

    private static LinkState Told(
        LinkState state,
        string link,
        IEnumerable<string> importKeys,
        IEnumerable<KeyValuePair<string, string>> put,
        IEnumerable<string>? remove = null)
    {
        var prefix = $"{SnapshotKey.Import}{link}/".Length;
        var peer = new PeerRecord(
            link,
            state.Terms!.TrustDomain,
            state.Terms.Address,
            state.LastSync,
            state.Error,
            [.. importKeys.Order(StringComparer.Ordinal).Select(key => key[prefix..])]);
        var all = put.Append(KeyValuePair.Create(SnapshotKey.Peer + link, SnapshotPayload.Write(peer)));
        return state with { Entries = state.Entries.With(all, remove ?? []) };
    }
}
