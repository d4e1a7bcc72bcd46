using System.Collections.Immutable;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Which certificates are good for renewal still beside the ones in use: of a node the one before its newest, as the
/// answer with the newest may have been lost, and the newest itself once it has ended. Under a name that the control
/// plane has made up there may be several processes, each with one of its own.
/// </summary>
/// <remarks>
/// What has ended is kept for as long as any policy may let it count
/// (<see cref="EndedCertificateProof.LongestGrace"/>): whether one does is asked where the certificate is presented.
/// </remarks>
internal static class FormerMachine
{
    /// <summary>How many are remembered under a name that was made up.</summary>
    public const int MaxOfMadeUp = 64;

    /// <summary>
    /// How many certificates that have ended are remembered in one part of an identity, beyond its nodes of today:
    /// beyond that the first to have ended goes.
    /// </summary>
    public const int MaxEnded = 32;

    /// <summary>
    /// A node has another certificate: of those before it only the last is good for renewal still.
    /// </summary>
    /// <param name="former">What is remembered, oldest first.</param>
    /// <param name="replaced">What the node had; null when that has ended, and is among the former ones.</param>
    /// <param name="nodeId">The node.</param>
    public static ImmutableArray<FormerCertificate> Replace(
        ImmutableArray<FormerCertificate> former, CertificateView? replaced, string nodeId)
    {
        var most = NodeName.IsMadeUp(nodeId) ? MaxOfMadeUp : 1;
        var next = replaced is null ? former : former.Add(FormerCertificate.Of(replaced));
        while (next.Count(c => c.NodeId == nodeId) > most) next = next.Remove(next.First(c => c.NodeId == nodeId));
        return next;
    }

    /// <summary>Has what is remembered of a node under another spelling of its name.</summary>
    public static ImmutableArray<FormerCertificate> Rename(
        ImmutableArray<FormerCertificate> former, string nodeId, string next) =>
        [.. former.Select(c => c.NodeId == nodeId ? c with { NodeId = next } : c)];

    /// <summary>
    /// Certificates have ended that were in use; those of which nobody may want anything any more are forgotten, among
    /// them all that have ended under names which were made up.
    /// </summary>
    /// <param name="former">What is remembered, oldest first.</param>
    /// <param name="ended">What has ended.</param>
    /// <param name="now">The time.</param>
    public static ImmutableArray<FormerCertificate> End(
        ImmutableArray<FormerCertificate> former, IEnumerable<CertificateView> ended, DateTimeOffset now)
    {
        var next = former
            .AddRange(ended.OrderBy(c => c.NotAfter).Select(FormerCertificate.Of))
            .RemoveAll(c => c.NotAfter + (NodeName.IsMadeUp(c.NodeId) ? TimeSpan.Zero : EndedCertificateProof.LongestGrace) <= now);
        var many = next.Where(c => c.NotAfter <= now).OrderByDescending(c => c.NotAfter).Skip(MaxEnded).ToHashSet();
        return many.Count == 0 ? next : next.RemoveAll(many.Contains);
    }
}
