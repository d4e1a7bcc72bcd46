using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// What becomes of an identity's certificates. Those that have expired are dropped whenever something changes.
/// </summary>
internal static class IdentityMachine
{
    /// <summary>The most nodes that hold a certificate of one identity at a time.</summary>
    public const int MaxNodes = 1_000;

    private const int MaxNodeId = 512;
    private const double Jitter = 0.01;

    /// <summary>Why no certificate can be issued to a node; null when one can.</summary>
    public static string? WhyNot(IdentityState state, string nodeId, DateTimeOffset now) =>
        nodeId.Length is 0 or > MaxNodeId || nodeId.Any(char.IsControl)
            ? $"The node id must be 1 to {MaxNodeId} printable characters."
            : !state.Certificates.ContainsKey(nodeId)
                && state.Certificates.Values.Count(c => c.NotAfter > now) >= MaxNodes
                ? $"This identity is in use at {MaxNodes} nodes."
                : null;

    /// <summary>Records a certificate as the one in use at its node.</summary>
    /// <param name="state">The identity.</param>
    /// <param name="spiffeId">Its name.</param>
    /// <param name="nodeId">Who holds the key.</param>
    /// <param name="signed">The certificate.</param>
    /// <param name="chance">Drawn once for this certificate: 0 or more, less than 1.</param>
    /// <param name="now">The time.</param>
    public static (IdentityState Next, CertificateView View) Record(
        IdentityState state,
        string spiffeId,
        string nodeId,
        SignResult.Signed signed,
        double chance,
        DateTimeOffset now)
    {
        var share = 0.5 + (((2 * chance) - 1) * Jitter);
        var rotateAt = signed.NotBefore + (share * (signed.NotAfter - signed.NotBefore));
        var view = new CertificateView(
            nodeId, signed.Serial, signed.Issuer, signed.NotBefore, signed.NotAfter, rotateAt, state.Generation);
        return (With(state, spiffeId, state.Generation, state.Certificates.SetItem(nodeId, view), now), view);
    }

    /// <summary>
    /// Makes every certificate due: each is told with the new generation, which its own is now behind.
    /// </summary>
    public static (IdentityState Next, int Count) Rotate(IdentityState state, string spiffeId, DateTimeOffset now)
    {
        var next = With(state, spiffeId, state.Generation + 1, state.Certificates, now);
        return (next, next.Certificates.Count);
    }

    /// <summary>The certificates in use, by node.</summary>
    public static ImmutableArray<CertificateView> List(IdentityState state, DateTimeOffset now) =>
    [
        .. state.Certificates.Values.Where(c => c.NotAfter > now).OrderBy(c => c.NodeId, StringComparer.Ordinal),
    ];

    private static IdentityState With(
        IdentityState state,
        string spiffeId,
        long generation,
        ImmutableDictionary<string, CertificateView> certificates,
        DateTimeOffset now)
    {
        var valid = certificates.RemoveRange(certificates.Where(c => c.Value.NotAfter <= now).Select(c => c.Key));
        var put = valid.Values.ToDictionary(
            c => Key(spiffeId, c.NodeId), c => SnapshotPayload.Write(ToRecord(spiffeId, generation, c)));
        return new IdentityState
        {
            Generation = generation,
            Certificates = valid,
            Entries = state.Entries.With(put, state.Entries.Held.Keys.Where(key => !put.ContainsKey(key))),
        };
    }

    private static string Key(string spiffeId, string nodeId) => $"{SnapshotKey.Identity}{spiffeId}|{nodeId}";

    private static IdentityRecord ToRecord(string spiffeId, long generation, CertificateView view) => new(
        spiffeId, view.NodeId, view.Serial, view.Issuer, view.NotBefore, view.NotAfter, view.RotateAt, generation);
}
