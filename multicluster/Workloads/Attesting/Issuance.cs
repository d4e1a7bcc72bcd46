using System.Collections.Immutable;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>A certificate that somebody wants.</summary>
public sealed record CertificateOrder
{
    /// <summary>What is presented.</summary>
    public required Evidence Evidence { get; init; }

    /// <summary>What <see cref="Attestors.ExamineAsync"/> has found of it.</summary>
    public required Attestation Examined { get; init; }

    /// <summary>For what it is presented.</summary>
    public required EvidenceUse Use { get; init; }

    /// <summary>PKCS#10, DER; empty where the first certificate is left to a join token.</summary>
    public ImmutableArray<byte> Csr { get; init; } = [];

    /// <summary>The node that the caller says to be; empty when it does not say.</summary>
    public string Node { get; init; } = "";

    /// <summary>What the node is called when neither the caller nor its proof says.</summary>
    public string Nameless { get; init; } = NodeName.Rest;

    /// <summary>The lifetime asked for; null for the default.</summary>
    public TimeSpan? Lifetime { get; init; }
}

/// <summary>What became of it.</summary>
public abstract record Issuance
{
    private Issuance()
    {
    }

    /// <summary>A certificate.</summary>
    /// <param name="Id">Whose.</param>
    /// <param name="ChainPem">Leaf first; the root is not part of it.</param>
    /// <param name="View">Its facts.</param>
    public sealed record Issued(SpiffeId Id, ImmutableArray<string> ChainPem, CertificateView View) : Issuance;

    /// <summary>What was presented is not good for it.</summary>
    public sealed record Denied(Attestation Why) : Issuance;

    /// <summary>The CSR is not acceptable.</summary>
    public sealed record Invalid(string Reason) : Issuance;

    /// <summary>The node has certificates signed too often.</summary>
    /// <param name="RetryAfter">When to ask again.</param>
    public sealed record TooOften(TimeSpan RetryAfter) : Issuance
    {
        /// <summary>Why, as a sentence for the caller.</summary>
        public const string Reason = "This node has had too many certificates signed, and gets the next one later.";
    }
}
