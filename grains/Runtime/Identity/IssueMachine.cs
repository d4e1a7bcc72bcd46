using System.Collections.Immutable;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Which requests of an identity are remembered, oldest first. One that would be signed anew counts as forgotten, and
/// leaves with the next change.
/// </summary>
internal static class IssueMachine
{
    /// <summary>
    /// The most requests remembered of a node, whichever way its name is written. More than one, as a repetition may come after the next request: from a
    /// slow network, or where callers share a node id.
    /// </summary>
    public const int MaxPerNode = 4;

    /// <summary>
    /// How long a reservation waits for its signature: well within what the authority tolerates
    /// (<see cref="SigningAuthority.IssueTimeTolerance"/>), whose clock may be another.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>The requests that are still remembered.</summary>
    public static IEnumerable<IssueRecord> Remembered(ImmutableArray<IssueRecord> requests, DateTimeOffset now) =>
        requests.Where(r => IsFresh(r, now));

    /// <summary>Finds a request, or adds it with a reservation of its own.</summary>
    /// <returns>The requests, the very same when it was found; and the request.</returns>
    public static (ImmutableArray<IssueRecord> Next, IssueRecord Record) Reserve(
        ImmutableArray<IssueRecord> requests, IssueKey key, ImmutableArray<byte> serial, DateTimeOffset now)
    {
        var fresh = Remembered(requests, now).ToList();
        if (fresh.Find(r => r.Key == key) is { } known) return (requests, known);
        var name = NodeName.Of(key.NodeId).Name;
        var ofNode = fresh.Where(r => NodeName.Of(r.Key.NodeId).Name == name).ToList();
        if (ofNode.Count >= MaxPerNode) fresh.Remove(ofNode[0]);
        var record = new IssueRecord(key, new SerialReservation(serial, now), Answer: null);
        return ([.. fresh, record], record);
    }

    /// <summary>Remembers what a request was answered with.</summary>
    public static ImmutableArray<IssueRecord> Answer(
        ImmutableArray<IssueRecord> requests, IssueRecord record, IssueResult.Issued answer, DateTimeOffset now) =>
        [.. Remembered(requests.Replace(record, record with { Answer = answer }), now)];

    /// <summary>Forgets a request that was not signed after all.</summary>
    public static ImmutableArray<IssueRecord> Release(
        ImmutableArray<IssueRecord> requests, IssueRecord record, DateTimeOffset now) =>
        [.. Remembered(requests.Remove(record), now)];

    private static bool IsFresh(IssueRecord record, DateTimeOffset now)
    {
        if (record.Answer is { View: var view }) return view.NotBefore <= now && now < view.RotateAt;
        var patience = record.Key.Lifetime / 2 < Patience ? record.Key.Lifetime / 2 : Patience;
        return (now - record.Reservation.IssuedAt).Duration() < patience; // ahead of a clock that is behind, too
    }
}
