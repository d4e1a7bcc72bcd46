using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Multicluster.Workloads.Attesting;

namespace MeshOrleans.Silo.Access.Kubernetes;

/// <summary>
/// By the projected token of a service account: verified by the keys of its cluster, or reviewed by its API server; in both
/// cases for an audience that the access file names, so that a token for anybody else is of no use here.
/// </summary>
internal sealed class KubernetesAttestor(
    AccessFile access, TokenReader tokens, TokenReview review, IdentityRoles roles) : IAttestor
{
    private const string SubjectPrefix = "system:serviceaccount:";

    public string Name => "Kubernetes token";

    public bool Recognises(Evidence evidence) =>
        evidence is Evidence.Bearer(var text) && TokenReader.IsToken(text) && ClusterOf(text) is not null;

    public async Task<Attestation> AttestAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken)
    {
        var text = ((Evidence.Bearer)evidence).Text;
        if (ClusterOf(text) is not { } cluster)
        {
            return new Attestation.Refused("The token is from no cluster that may attest here."); // the file has changed
        }

        var (subject, refusal) = cluster.Review is { } server
            ? await review.ReviewAsync(server, cluster.Issuer.Audiences, text, cancellationToken)
            : await VerifyAsync(cluster.Issuer, text, cancellationToken);
        if (subject is null) return new Attestation.Refused(refusal);
        if (!TryReadAccount(subject, out var ns, out var account))
        {
            return new Attestation.Refused("The token is that of no service account.");
        }

        if (!cluster.Namespaces.IsEmpty && !cluster.Namespaces.Contains(ns))
        {
            return new Attestation.Refused($"Service accounts of namespace '{ns}' of cluster '{cluster.Name}' may not join.");
        }

        // who may make pods there would otherwise have, by them, what the file gives to the identity
        return cluster.GrantsRoles || (await roles.OfAsync(ns, account, cancellationToken)).Grants.IsEmpty
            ? new Attestation.Proved(ns, account, "", cluster.Reattests)
            : new Attestation.Refused(
                $"Service account '{account}' of namespace '{ns}' has roles at the API, and cluster '{cluster.Name}' is no proof "
                + "enough for those (grantsRoles in the access file).");
    }

    public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<(string? Subject, string Refusal)> VerifyAsync(
        TrustedIssuer issuer, string text, CancellationToken cancellationToken)
    {
        var (token, refusal) = await tokens.VerifyAsync(issuer, text, cancellationToken);
        if (token is null) return (null, refusal);

        // what Kubernetes says twice must be the same twice
        var claims = token.Claims["kubernetes.io"];
        var told = $"{SubjectPrefix}{claims?["namespace"]?.Text}:{claims?["serviceaccount"]?["name"]?.Text}";
        return token.Subject == told ? (told, "") : (null, "The token is no projected token of a service account.");
    }

    private static bool TryReadAccount(string subject, out string ns, out string account)
    {
        (ns, account) = ("", "");
        if (!subject.StartsWith(SubjectPrefix, StringComparison.Ordinal)) return false;
        if (subject[SubjectPrefix.Length..].Split(':') is not [var first, var second]) return false;
        (ns, account) = (first, second);
        return Names.IsLabel(ns) && Names.IsSubdomain(account);
    }

    private ClusterAttestation? ClusterOf(string text) => TokenReader.ClaimedIssuer(text) is { } issuer
        ? access.Current.Clusters.FirstOrDefault(cluster => cluster.Issuer.Issuer == issuer)
        : null;
}
