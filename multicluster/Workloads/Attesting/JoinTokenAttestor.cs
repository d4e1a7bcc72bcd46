using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>By a one-time token, which is used up.</summary>
internal sealed class JoinTokenAttestor(JoinTokens tokens, IOptions<OnboardingOptions> options) : IAttestor
{
    public string Name => "join token";

    public bool Recognises(Evidence evidence) => evidence is Evidence.Token;

    public Task<Attestation> ExamineAsync(Evidence evidence, CancellationToken cancellationToken) =>
        Task.FromResult<Attestation>(new Attestation.OneTime());

    public async Task<Attestation> LookAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken) =>
        FoundBy(await tokens.LookAsync(((Evidence.Token)evidence).Value, use.Claim, cancellationToken));

    public async Task<Attestation> RedeemAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken) =>
        FoundBy(await tokens.RedeemAsync(((Evidence.Token)evidence).Value, use.UsedBy, use.Claim, cancellationToken));

    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) =>
        tokens.FinishAsync(((Evidence.Token)evidence).Value, cancellationToken);

    private Attestation FoundBy(RedeemResult result)
    {
        var (grant, refusal) = JoinTokens.GrantOf(result, JoinTokens.WorkloadPurpose);
        return grant is null
            ? new Attestation.Refused(refusal, result)
            : new Attestation.Proved(
                grant.Namespace,
                grant.ServiceAccount,
                grant.Group,
                NodeOf(grant),
                options.Value.JoinTokensReattest() && !grant.OnlyFirst);
    }

    private static ProvedNode? NodeOf(JoinTokenGrant grant) => grant.Node is { Length: > 0 } node
        ? new ProvedNode(grant.Attested ?? $"node/{node}", NodeName.Of(node))
        : null;
}
