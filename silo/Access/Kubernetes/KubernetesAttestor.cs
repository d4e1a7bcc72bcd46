using MeshOrleans.Multicluster.Workloads.Attesting;

namespace MeshOrleans.Silo.Access.Kubernetes;

/// <summary>
/// By the projected token of a service account: verified by the keys of its cluster, or reviewed by its API server; in both
/// cases for an audience that the access file names, so that a token for anybody else is of no use here. Nobody is asked
/// about a token in which it can be seen that it is no good.
/// </summary>
internal sealed class KubernetesAttestor(
    AccessFile access, TokenReader tokens, TokenReview review, IdentityRoles roles) : IAttestor
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    public string Name => "Kubernetes token";

    public bool Recognises(Evidence evidence) =>
        evidence is Evidence.Bearer(var text) && TokenReader.IsToken(text) && ClusterOf(text) is not null;

    public async Task<Attestation> ExamineAsync(Evidence evidence, CancellationToken cancellationToken)
    {
        var text = ((Evidence.Bearer)evidence).Text;
        if (ClusterOf(text) is not { } cluster)
        {
            return new Attestation.Refused("The token is from no cluster that may attest here."); // the file has changed
        }

        var (claims, fault) = tokens.Examine(cluster.Issuer, text);
        if (claims is null) return new Attestation.Refused(fault);
        if (ProjectedToken.Read(claims, cluster.Name) is not { } token)
        {
            return new Attestation.Refused("The token is no projected token of a service account.");
        }

        return await VerifyAsync(cluster, token, text, cancellationToken)
            ?? await JudgeAsync(cluster, token, cancellationToken);
    }

    public Task<Attestation> RedeemAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken) =>
        ExamineAsync(evidence, cancellationToken);

    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) => Task.CompletedTask;

    // null when it is what it says to be
    private async Task<Attestation?> VerifyAsync(
        ClusterAttestation cluster, ProjectedToken token, string text, CancellationToken cancellationToken)
    {
        if (cluster.Review is { } server)
        {
            var answer = await review.ReviewAsync(server, cluster.Issuer.Audiences, text, cancellationToken);
            return answer.IsMissing ? new Attestation.Unavailable(answer.Refusal, _retryAfter)
                : answer.Subject is null ? new Attestation.Refused(answer.Refusal)
                : answer.Subject == token.Subject ? null
                : new Attestation.Refused("The API server says that the token is somebody else's.");
        }

        var verdict = await tokens.VerifyAsync(cluster.Issuer, text, cancellationToken);
        return verdict.Token is not null ? null
            : verdict.HasKeys ? new Attestation.Refused(verdict.Refusal)
            : new Attestation.Unavailable(verdict.Refusal, _retryAfter);
    }

    // after it is verified: what the file says of namespaces and roles is not told to whoever makes up tokens
    private async Task<Attestation> JudgeAsync(
        ClusterAttestation cluster, ProjectedToken token, CancellationToken cancellationToken)
    {
        var (ns, account, pod) = token;
        if (!cluster.Namespaces.IsEmpty && !cluster.Namespaces.Contains(ns))
        {
            return new Attestation.Refused($"Service accounts of namespace '{ns}' of cluster '{cluster.Name}' may not join.");
        }

        // who may make pods there would otherwise have, by them, what the file gives to the identity
        return cluster.GrantsRoles || (await roles.OfAsync(ns, account, cancellationToken)).Grants.IsEmpty
            ? new Attestation.Proved(ns, account, "", pod, cluster.Reattests)
            : new Attestation.Refused(
                $"Service account '{account}' of namespace '{ns}' has roles at the API, and cluster '{cluster.Name}' is no proof "
                + "enough for those (grantsRoles in the access file).");
    }

    private ClusterAttestation? ClusterOf(string text) => TokenReader.ClaimedIssuer(text) is { } issuer
        ? access.Current.Clusters.FirstOrDefault(cluster => cluster.Issuer.Issuer == issuer)
        : null;
}
