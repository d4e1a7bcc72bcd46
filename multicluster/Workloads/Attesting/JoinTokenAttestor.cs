using Microsoft.Extensions.Options;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>By a one-time token, which is used up.</summary>
internal sealed class JoinTokenAttestor(JoinTokens tokens, IOptions<OnboardingOptions> options) : IAttestor
{
    public string Name => "join token";

    public bool Recognises(Evidence evidence) => evidence is Evidence.Token;

    public async Task<Attestation> AttestAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken)
    {
        var (grant, refusal) = await tokens.RedeemAsync(
            ((Evidence.Token)evidence).Value, JoinTokens.WorkloadPurpose, use.UsedBy, use.Claim, cancellationToken);
        return grant is null
            ? new Attestation.Refused(refusal)
            : new Attestation.Proved(
                grant.Namespace, grant.ServiceAccount, grant.Group, options.Value.JoinTokensReattest());
    }

    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) =>
        tokens.FinishAsync(((Evidence.Token)evidence).Value, cancellationToken);
}
