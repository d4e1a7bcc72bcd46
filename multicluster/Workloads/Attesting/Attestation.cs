using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>What an attestor has found.</summary>
public abstract record Attestation
{
    private Attestation()
    {
    }

    /// <summary>It is proved.</summary>
    /// <param name="Namespace">The namespace of the service account.</param>
    /// <param name="ServiceAccount">Which one the process is.</param>
    /// <param name="Group">The only group that it may join; empty for any.</param>
    /// <param name="Node">Which node it is; null when the proof does not say.</param>
    /// <param name="MayReattest">Whether the proof is good for a node that has had a certificate before.</param>
    public sealed record Proved(
        string Namespace, string ServiceAccount, string Group, ProvedNode? Node, bool MayReattest) : Attestation
    {
        /// <summary>The certificate that proves it, to be renewed; null when something else does.</summary>
        public ShownCertificate? Certificate { get; init; }
    }

    /// <summary>It is good for one use, and only using it up tells whether it proves anything.</summary>
    public sealed record OneTime : Attestation;

    /// <summary>It is no proof.</summary>
    /// <param name="Reason">Why, as a sentence for the caller.</param>
    /// <param name="Token">What became of the join token, where it is one.</param>
    public sealed record Refused(string Reason, RedeemResult? Token = null) : Attestation;

    /// <summary>It proves another node than the caller says to be.</summary>
    /// <param name="Reason">Which, as a sentence for the caller.</param>
    public sealed record Contradicted(string Reason) : Attestation;

    /// <summary>Whoever has to be asked does not answer, so that nothing is known of it.</summary>
    /// <param name="Reason">Who, as a sentence for the caller.</param>
    /// <param name="RetryAfter">When to ask again.</param>
    public sealed record Unavailable(string Reason, TimeSpan RetryAfter) : Attestation;
}

/// <summary>A certificate by which somebody proves itself.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="IsEnded">Whether it has ended, and counts by a policy.</param>
public sealed record ShownCertificate(SpiffeId Id, string Serial, bool IsEnded);

/// <summary>The node of which something is a proof.</summary>
/// <param name="Key">
/// By what it is remembered: not only a name, which others may have after it; empty where the certificate says it.
/// </param>
/// <param name="Name">What it is called.</param>
public sealed record ProvedNode(string Key, NodeName Name);
