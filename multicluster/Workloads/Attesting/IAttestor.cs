namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>One way in which a process proves which service account it is, before it has a certificate or with one.</summary>
public interface IAttestor
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Whether what is presented is of its kind; whether it is any good is not asked.</summary>
    bool Recognises(Evidence evidence);

    /// <summary>Decides. Never throws for what is wrong with the evidence.</summary>
    Task<Attestation> AttestAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken);

    /// <summary>What the evidence was presented for has been done.</summary>
    Task FinishAsync(Evidence evidence, CancellationToken cancellationToken);
}
