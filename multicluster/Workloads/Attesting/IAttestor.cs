namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>One way in which a process proves which service account it is, before it has a certificate or with one.</summary>
public interface IAttestor
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Whether what is presented is of its kind; whether it is any good is not asked.</summary>
    bool Recognises(Evidence evidence);

    /// <summary>
    /// Finds out all that can be found out without using anything up: first what is seen in the evidence itself, then
    /// what others have to be asked. May take long, so that whoever has few places takes one only afterwards. Never
    /// throws for what is wrong with the evidence.
    /// </summary>
    /// <returns><see cref="Attestation.OneTime"/> when only <see cref="RedeemAsync"/> can tell.</returns>
    Task<Attestation> ExamineAsync(Evidence evidence, CancellationToken cancellationToken);

    /// <summary>What <see cref="RedeemAsync"/> would find now, where there is anything to be used up; it is not.</summary>
    Task<Attestation> LookAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken) =>
        ExamineAsync(evidence, cancellationToken);

    /// <summary>Uses up what is good for one use.</summary>
    Task<Attestation> RedeemAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken);

    /// <summary>What the evidence was presented for has been done.</summary>
    Task FinishAsync(Evidence evidence, CancellationToken cancellationToken);
}
