using System.Collections.Immutable;
using MeshOrleans.Model;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// What becomes of the certificates of one part of an identity, and what holds for all of its parts. Those that have expired are
/// told of no longer whenever one is recorded or all are rotated, and remembered among the former ones for a while.
/// </summary>
internal static class IdentityMachine
{
    /// <summary>The most nodes that hold a certificate of one identity at a time.</summary>
    public const int MaxNodes = 1_000;

    private const double Jitter = 0.01;

    /// <summary>Why no certificate can be issued to a node; null when one can.</summary>
    /// <param name="own">The part that the node is in.</param>
    /// <param name="all">Every part.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="now">The time.</param>
    public static string? WhyNot(IdentityState own, IEnumerable<IdentityState> all, string nodeId, DateTimeOffset now)
    {
        if (!NodeName.IsId(nodeId)) return $"The node id must be 1 to {NodeName.MaxLength} printable characters.";

        return NodesOf(own, now).Contains(nodeId, StringComparer.Ordinal)
            || all.Sum(part => NodesOf(part, now).Count()) < MaxNodes
            ? null
            : $"This identity is in use at {MaxNodes} nodes.";
    }

    /// <summary>
    /// To which node a certificate was issued that is its newest one or good for renewal still; null when there is none such.
    /// One that has ended is found as well, until it is forgotten.
    /// </summary>
    public static string? OwnerOf(IEnumerable<IdentityState> all, string serial)
    {
        foreach (var part in all)
        {
            if (part.Certificates.Values.FirstOrDefault(c => c.Serial == serial) is { NodeId: var own }) return own;
            if (part.Former.FirstOrDefault(c => c.Serial == serial) is { NodeId: var before }) return before;
        }

        return null;
    }

    /// <summary>
    /// Finds the request among those remembered, or reserves for it what it is to be signed with. Nobody is told.
    /// </summary>
    /// <returns>The state, the very same when the request was known; and the request.</returns>
    public static (IdentityState Next, IssueRecord Record) Reserve(
        IdentityState state, IssueKey key, ImmutableArray<byte> serial, DateTimeOffset now)
    {
        var (requests, record) = IssueMachine.Reserve(state.Requests, key, serial, now);
        return (requests == state.Requests ? state : state with { Requests = requests }, record);
    }

    /// <summary>Forgets a reservation that was refused.</summary>
    public static IdentityState Release(IdentityState state, IssueRecord record, DateTimeOffset now) =>
        state with { Requests = IssueMachine.Release(state.Requests, record, now) };

    /// <summary>Records a certificate as the one in use at its node, and as the answer to its request.</summary>
    /// <param name="state">The identity.</param>
    /// <param name="spiffeId">Its name.</param>
    /// <param name="record">The request that was signed.</param>
    /// <param name="signed">The certificate.</param>
    /// <param name="presented">The serial of the certificate that it renews; empty when that is none.</param>
    /// <param name="chance">Drawn once for this certificate: 0 or more, less than 1.</param>
    /// <param name="now">The time.</param>
    public static (IdentityState Next, IssueResult.Issued Answer) Record(
        IdentityState state,
        string spiffeId,
        IssueRecord record,
        SignResult.Signed signed,
        string presented,
        double chance,
        DateTimeOffset now)
    {
        var share = 0.5 + (((2 * chance) - 1) * Jitter);
        var rotateAt = signed.NotBefore + (share * (signed.NotAfter - signed.NotBefore));
        var nodeId = record.Key.NodeId;
        var view = new CertificateView(
            nodeId, signed.Serial, signed.Issuer, signed.NotBefore, signed.NotAfter, rotateAt, state.Generation,
            record.Reservation.IssuedAt, signed.Root);
        var answer = new IssueResult.Issued(signed.ChainPem, view);
        var answered = Respelled(state, presented, nodeId);
        answered = answered with
        {
            Requests = IssueMachine.Answer(answered.Requests, record, answer, now),
            Former = FormerMachine.Replace(answered.Former, answered.Certificates.GetValueOrDefault(nodeId), nodeId),
        };
        return (With(answered, spiffeId, state.Generation, answered.Certificates.SetItem(nodeId, view), now), answer);
    }

    // Who renews under another spelling of its name takes along what it has had: beside the old name there would be a
    // second line of certificates, each of which renews, however old the one is that it began with.
    private static IdentityState Respelled(IdentityState state, string presented, string nodeId)
    {
        if (presented.Length == 0
            || OwnerOf([state], presented) is not { } own
            || own == nodeId
            || NodeName.IsMadeUp(own))
        {
            return state;
        }

        var former = FormerMachine.Rename(state.Former, own, nodeId);
        return state.Certificates.GetValueOrDefault(own) is not { } newest
            ? state with { Former = former }
            : state with
            {
                Certificates = state.Certificates.Remove(own),
                Former = FormerMachine.Replace(former, newest with { NodeId = nodeId }, nodeId),
            };
    }

    /// <summary>
    /// Makes every certificate due: each is told with the new generation, which its own is now behind. What
    /// was asked before is forgotten, so that the same CSR is signed anew.
    /// </summary>
    /// <param name="state">The identity.</param>
    /// <param name="spiffeId">Its name.</param>
    /// <param name="spread">The time over which they become due, each at a moment of its own; zero for at once.</param>
    /// <param name="random">Draws that moment.</param>
    /// <param name="now">The time.</param>
    public static (IdentityState Next, int Count) Rotate(
        IdentityState state, string spiffeId, TimeSpan spread, IRandomSource random, DateTimeOffset now)
    {
        var due = state.Certificates.SetItems(state.Certificates.Select(c => KeyValuePair.Create(
            c.Key, c.Value with { DueAt = spread > TimeSpan.Zero ? now + (random.NextDouble() * spread) : null })));
        var next = With(state with { Requests = [] }, spiffeId, state.Generation + 1, due, now);
        return (next, next.Certificates.Count);
    }

    /// <summary>
    /// Forgets a certificate that is revoked, and where it was the newest of its node the one before as well: a node that is
    /// to be out does not come back by that. The very same state when it is not known.
    /// </summary>
    public static IdentityState Forget(IdentityState state, string spiffeId, string serial, DateTimeOffset now)
    {
        var nodes = state.Certificates.Where(c => c.Value.Serial == serial).Select(c => c.Key).ToList();
        var others = state.Certificates.RemoveRange(nodes);
        var requests = state.Requests.RemoveAll(r => r.Answer?.View.Serial == serial);
        var former = state.Former.RemoveAll(
            c => c.Serial == serial || (nodes.Contains(c.NodeId) && !NodeName.IsMadeUp(c.NodeId)));
        return others == state.Certificates
            && requests.Length == state.Requests.Length
            && former.Length == state.Former.Length
            ? state
            : With(state with { Requests = requests, Former = former }, spiffeId, state.Generation, others, now);
    }

    /// <summary>Whether there is anything that has ended and is known still.</summary>
    public static bool IsStale(IdentityState state, DateTimeOffset now) =>
        state.Certificates.Values.Any(c => c.NotAfter <= now);

    /// <summary>Drops what has ended.</summary>
    public static IdentityState Sweep(IdentityState state, string spiffeId, DateTimeOffset now)
    {
        var rest = state with
        {
            Requests = [.. IssueMachine.Remembered(state.Requests, now)],
        };
        return With(rest, spiffeId, state.Generation, state.Certificates, now);
    }

    /// <summary>The certificates in use, by node.</summary>
    public static ImmutableArray<CertificateView> List(IEnumerable<IdentityState> all, DateTimeOffset now) =>
    [
        .. all.SelectMany(part => part.Certificates.Values)
            .Where(c => c.NotAfter > now)
            .OrderBy(c => c.NodeId, StringComparer.Ordinal),
    ];

    /// <summary>What the mesh is to be told of a state, as it is.</summary>
    public static OwnedEntries Told(IdentityState state, string spiffeId)
    {
        var put = state.Certificates.Values.ToDictionary(
            c => Key(spiffeId, c.NodeId), c => SnapshotPayload.Write(ToRecord(spiffeId, state.Generation, c)));
        return state.Entries.With(put, state.Entries.Held.Keys.Where(key => !put.ContainsKey(key)));
    }

    private static IdentityState With(
        IdentityState state,
        string spiffeId,
        long generation,
        ImmutableDictionary<string, CertificateView> certificates,
        DateTimeOffset now)
    {
        var ended = certificates.Where(c => c.Value.NotAfter <= now).ToList();
        var next = state with
        {
            Generation = generation,
            Certificates = certificates.RemoveRange(ended.Select(c => c.Key)),
            Former = FormerMachine.End(state.Former, ended.Select(c => c.Value), now),
        };
        return next with { Entries = Told(next, spiffeId) };
    }

    private static IEnumerable<string> NodesOf(IdentityState state, DateTimeOffset now) => state.Certificates.Values
        .Where(c => c.NotAfter > now)
        .Select(c => c.NodeId)
        .Union(IssueMachine.Remembered(state.Requests, now).Select(r => r.Key.NodeId));

    private static string Key(string spiffeId, string nodeId) => $"{SnapshotKey.Identity}{spiffeId}|{nodeId}";

    private static IdentityRecord ToRecord(string spiffeId, long generation, CertificateView view) => new(
        spiffeId, view.NodeId, view.Serial, view.Issuer, view.NotBefore, view.NotAfter, view.RotateAt, generation,
        view.IssuedAt, view.Root ?? "", view.Generation, view.Generation < generation ? view.DueAt : null);
}
