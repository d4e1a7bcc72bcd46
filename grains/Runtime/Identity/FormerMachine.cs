using System.Collections.Immutable;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Which replaced certificates are good for renewal still: of a node the one before its newest, as the answer with the newest may
/// have been lost. Under a name that the control plane has made up there may be several processes, each with one of its own.
/// </summary>
internal static class FormerMachine
{
    /// <summary>How many are remembered under a name that was made up.</summary>
    public const int MaxOfMadeUp = 64;

    /// <summary>Remembers a certificate after which its node has another one; those that have ended are forgotten.</summary>
    public static ImmutableArray<FormerCertificate> Add(
        ImmutableArray<FormerCertificate> former, CertificateView replaced, DateTimeOffset now)
    {
        var most = NodeName.IsMadeUp(replaced.NodeId) ? MaxOfMadeUp : 1;
        var next = former.RemoveAll(c => c.NotAfter <= now)
            .Add(new FormerCertificate(replaced.NodeId, replaced.Serial, replaced.NotAfter));
        while (next.Count(c => c.NodeId == replaced.NodeId) > most)
        {
            next = next.Remove(next.First(c => c.NodeId == replaced.NodeId));
        }

        return next;
    }

    /// <summary>Has what is remembered of a node under another spelling of its name.</summary>
    public static ImmutableArray<FormerCertificate> Rename(
        ImmutableArray<FormerCertificate> former, string nodeId, string next) =>
        [.. former.Select(c => c.NodeId == nodeId ? c with { NodeId = next } : c)];
}
