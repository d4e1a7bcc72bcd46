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
    /// <param name="MayReattest">Whether the proof is good for a node that has had a certificate before.</param>
    public sealed record Proved(string Namespace, string ServiceAccount, string Group, bool MayReattest) : Attestation;

    /// <summary>It is not.</summary>
    /// <param name="Reason">Why, as a sentence for the caller.</param>
    public sealed record Refused(string Reason) : Attestation;
}
