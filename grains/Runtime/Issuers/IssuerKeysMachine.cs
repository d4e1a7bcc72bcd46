using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Issuers;

/// <summary>
/// What becomes of the keys from one address. Every function answers with the very state it was given when nothing
/// changes.
/// </summary>
internal static class IssuerKeysMachine
{
    private const int MaxError = 512;

    /// <summary>Takes over a set that was fetched.</summary>
    public static IssuerKeysState Replace(
        IssuerKeysState state, string address, string keySet, int count, DateTimeOffset now)
    {
        var record = new IssuerRecord(now, count, Error: null);
        var entries = state.Entries.With([KeySet(address, keySet), Issuer(address, record)], []);
        return new IssuerKeysState { FetchedAt = now, Count = count, Entries = entries };
    }

    /// <summary>Fetching failed: keys stay until they are too old.</summary>
    public static IssuerKeysState NoteFailure(
        IssuerKeysState state, string address, string error, TimeSpan maxAge, DateTimeOffset now)
    {
        var isTooOld = state.FetchedAt is { } at && (now - at >= maxAge || at > now + maxAge);
        var count = isTooOld ? 0 : state.Count;
        var record = new IssuerRecord(state.FetchedAt, count, error.Length > MaxError ? error[..MaxError] : error);
        var entries = state.Entries.With(
            [Issuer(address, record)], count == 0 ? [SnapshotKey.KeySet + address] : []);
        return entries == state.Entries ? state : state with { Count = count, Entries = entries };
    }

    /// <summary>Nobody wants them; only the version remains.</summary>
    public static IssuerKeysState Forget(IssuerKeysState state)
    {
        var entries = state.Entries.With([], state.Entries.Held.Keys.ToList());
        return entries == state.Entries ? state : new IssuerKeysState { Entries = entries };
    }

    private static KeyValuePair<string, string> KeySet(string address, string keySet) =>
        KeyValuePair.Create(SnapshotKey.KeySet + address, keySet);

    private static KeyValuePair<string, string> Issuer(string address, IssuerRecord record) =>
        KeyValuePair.Create(SnapshotKey.Issuer + address, SnapshotPayload.Write(record));
}
