using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads.Attesting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>
/// Lets a process or VM join: its credential decides which service account it may be, everything else is its own
/// description. A token is used up before anything is registered, so that it cannot buy two members; a join that was not
/// answered can be repeated with it.
/// </summary>
public sealed partial class WorkloadOnboarding(
    IGrainFactory grains,
    JoinTokens tokens,
    Attestors attestors,
    IOptions<OnboardingOptions> options,
    TimeProvider clock,
    ILogger<WorkloadOnboarding> logger)
{
    /// <summary>Joins, or renews with a changed description.</summary>
    public async Task<JoinOutcome> JoinAsync(
        WorkloadRequest request, JoinCredential credential, CancellationToken cancellationToken)
    {
        if (FaultOf(request) is { } fault) return Refuse(request, fault);
        byte[]? csr = null;
        if (request.Csr.Length > 0 && !CsrPem.TryRead(request.Csr, out csr))
        {
            return Refuse(request, new JoinOutcome.Invalid("csr", "is not one PEM block CERTIFICATE REQUEST"));
        }

        var denied = await AuthorizeAsync(request, credential, cancellationToken);
        if (denied is not null) return Refuse(request, denied);

        var bundle = await grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default).GetBundleAsync(
            cancellationToken);
        var id = SpiffeId.ForWorkload(TrustDomain.Parse(bundle.TrustDomain), request.Namespace, request.ServiceAccount);
        var workload = grains.GetGrain<IWorkloadGrain>($"{request.Namespace}/{request.Name}");
        return await workload.RegisterAsync(request.ToRegistration(), cancellationToken) switch
        {
            RegisterResult.Registered registered =>
                await AnswerAsync(request, credential, registered, id, bundle, csr, cancellationToken),
            RegisterResult.Taken(var owner) => Refuse(request, new JoinOutcome.Conflict(
                $"{request.Namespace}/{request.Name} is a member already, with service account '{owner}'.")),
            RegisterResult.Invalid(var path, var message) => Refuse(request, new JoinOutcome.Invalid(path, message)),
            var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
        };
    }

    /// <summary>A member as it stands; null when there is none.</summary>
    public Task<WorkloadView?> FindAsync(string ns, string name, CancellationToken cancellationToken) =>
        grains.GetGrain<IWorkloadGrain>($"{ns}/{name}").FindAsync(cancellationToken);

    /// <summary>
    /// A member that <paramref name="owner"/> may act for (null: anybody's); null when there is none.
    /// </summary>
    public async Task<IWorkloadGrain?> FindOwnedAsync(
        string ns, string name, SpiffeId? owner, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IWorkloadGrain>($"{ns}/{name}");
        var view = await grain.FindAsync(cancellationToken);
        return view is not null && (owner is null || Owns(owner, ns, view.Registration.ServiceAccount)) ? grain : null;
    }

    private static bool Owns(SpiffeId id, string ns, string serviceAccount) =>
        id.Namespace == ns && id.ServiceAccount == serviceAccount;

    private static JoinOutcome.Invalid? FaultOf(WorkloadRequest request) =>
        !Names.IsLabel(request.Namespace)
            ? new("namespace", "must be a DNS label: a-z, 0-9 and '-', at most 63 characters")
        : !Names.IsSubdomain(request.Name)
            ? new("name", "must be a DNS name: a-z, 0-9, '-' and '.', at most 253 characters")
        : !Names.IsSubdomain(request.ServiceAccount) ? new("serviceAccount", "must be a DNS name")
        : !double.IsFinite(request.LeaseSeconds) ? new("leaseSeconds", "must be a number of seconds")
        : null;

    private async Task<JoinOutcome?> AuthorizeAsync(
        WorkloadRequest request, JoinCredential credential, CancellationToken cancellationToken)
    {
        if (credential is not JoinCredential.Proof(var evidence)) return null;
        var node = $"{request.Namespace}/{request.Name}";
        var use = new EvidenceUse($"workload {node}", request.Claim);
        switch (await attestors.AttestAsync(evidence, use, node, cancellationToken))
        {
            case Attestation.Proved proved:
                return proved.Namespace == request.Namespace && proved.ServiceAccount == request.ServiceAccount
                    && (proved.Group.Length == 0 || proved.Group == request.Group)
                    ? null
                    : new JoinOutcome.Forbidden(
                        $"What was presented is for namespace '{proved.Namespace}', service account '{proved.ServiceAccount}'"
                        + (proved.Group.Length == 0 ? "." : $", group '{proved.Group}'."));
            case Attestation.Refused(var reason):
                return new JoinOutcome.Unauthenticated(reason);
            case var other:
                throw new InvalidOperationException($"Unknown attestation {other.GetType().Name}.");
        }
    }

    private async Task<JoinOutcome> AnswerAsync(
        WorkloadRequest request,
        JoinCredential credential,
        RegisterResult.Registered registered,
        SpiffeId id,
        AuthorityBundle bundle,
        byte[]? csr,
        CancellationToken cancellationToken)
    {
        CertificateAnswer? certificate = null;
        if (csr is not null)
        {
            var issue = new IssueRequest([.. csr], $"{request.Namespace}/{request.Name}", Lifetime: null);
            var issued = await grains.GetGrain<IIdentityGrain>(id.ToString()).IssueAsync(issue, cancellationToken);
            if (issued is IssueResult.Refused(var reason))
            {
                return Refuse(request, new JoinOutcome.Invalid("csr", reason));
            }

            certificate = issued is IssueResult.Issued(var chain, var view)
                ? new CertificateAnswer(chain, view.Serial, view.NotAfter, view.RotateAt)
                : null;
        }

        var token = certificate is null ? await MintAsync(request, credential, cancellationToken) : null;
        if (credential is JoinCredential.Proof(var evidence)) await attestors.FinishAsync(evidence, cancellationToken);
        LogJoined(request.Namespace, request.Name, id.ToString());
        return new JoinOutcome.Joined(new JoinAnswer(
            $"{request.Namespace}/{request.Name}",
            registered.Created,
            id.ToString(),
            registered.Lease.TotalSeconds,
            new TrustBundleAnswer(bundle.TrustDomain, bundle.RootsPem, bundle.Sequence),
            options.Value.XdsAddress(),
            SidecarConfig.For(request, options.Value.XdsAddress(), token),
            certificate));
    }

    // Whoever joins with a token and repeats the request gets the same one: a lost answer is no second credential.
    private Task<JoinToken> MintAsync(
        WorkloadRequest request, JoinCredential credential, CancellationToken cancellationToken)
    {
        var expiresAt = clock.GetUtcNow() + options.Value.SidecarTokenLifetime;
        var grant = new JoinTokenGrant(
            JoinTokens.WorkloadPurpose, request.Namespace, request.ServiceAccount, request.Group, expiresAt);
        return credential is JoinCredential.Proof(Evidence.Token(var used))
            ? tokens.MintAfterAsync(used, request.Claim, grant, cancellationToken)
            : tokens.MintAsync(grant, cancellationToken);
    }

    private JoinOutcome Refuse(WorkloadRequest request, JoinOutcome outcome)
    {
        LogRefused(Names.ForLog(request.Namespace), Names.ForLog(request.Name), Names.ForLog(outcome.ToString()));
        return outcome;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Workload {Namespace}/{Name} joined as {SpiffeId}.")]
    private partial void LogJoined(string @namespace, string name, string spiffeId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workload {Namespace}/{Name} was not let in: {Outcome}.")]
    private partial void LogRefused(string @namespace, string name, string outcome);
}
