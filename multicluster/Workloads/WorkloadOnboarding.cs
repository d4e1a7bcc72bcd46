using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Multicluster.Workloads.Members;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>
/// Lets a process or VM join: its credential decides which service account it may be, everything else is its own
/// description. A token is used up before anything is registered, so that it cannot buy two members, and not by what is refused
/// for what it says, but by a name that is another's: with one token names cannot be probed. A join that was not answered can be
/// repeated with it.
/// </summary>
public sealed partial class WorkloadOnboarding(
    IGrainFactory grains,
    JoinTokens tokens,
    Attestors attestors,
    CertificateIssuer issuer,
    MemberAdmission members,
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

        if (csr is not null && !CsrReader.TryRead(csr, out _, out var wrong))
        {
            return Refuse(request, new JoinOutcome.Invalid("csr", wrong));
        }

        var bundle = await grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default).GetBundleAsync(
            cancellationToken);
        var domain = TrustDomain.Parse(bundle.TrustDomain);
        var admission = new Admission(request, credential, csr, domain);
        var (proved, denied) = await AuthorizeAsync(admission, cancellationToken);
        if (denied is not null) return Refuse(request, denied);

        var workload = grains.GetGrain<IWorkloadGrain>($"{request.Namespace}/{request.Name}");
        return await workload.RegisterAsync(admission.Claim.Registration, cancellationToken) switch
        {
            RegisterResult.Registered registered =>
                await AnswerAsync(admission, proved, registered, bundle, cancellationToken),
            RegisterResult.Taken(var owner) => Refuse(request, new JoinOutcome.Conflict(
                $"{admission.Node} is a member already, with service account '{owner}'.")),
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
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="owner">Who acts: of its service account, and no other node of that.</param>
    /// <param name="serial">The serial of the certificate by which that is known.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<IWorkloadGrain?> FindOwnedAsync(
        string ns, string name, SpiffeId? owner, string serial, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IWorkloadGrain>($"{ns}/{name}");
        if (await grain.FindAsync(cancellationToken) is not { } view) return null;
        if (owner is null) return grain;
        if (!Owns(owner, ns, view.Registration.ServiceAccount)) return null;

        return await members.FindNodeFaultAsync(owner, serial, $"{ns}/{name}", cancellationToken) is null ? grain : null;
    }

    private static bool Owns(SpiffeId id, string ns, string serviceAccount) =>
        id.Namespace == ns && id.ServiceAccount == serviceAccount;

    private static JoinOutcome.Invalid? FaultOf(WorkloadRequest request)
    {
        if (!double.IsFinite(request.LeaseSeconds)) return new("leaseSeconds", "must be a number of seconds");
        if (request.LeaseSeconds <= 0) return new("leaseSeconds", "must be above 0; leave it out for the default");
        var name = new WorkloadName(request.Namespace, request.Name);
        return RegistrationRules.Check(name, request.ToRegistration()) is { } fault
            ? new(fault.Path == "lease" ? "leaseSeconds" : fault.Path, fault.Message)
            : null;
    }

    // without a proof whoever registers on behalf of a workload answers for it
    private async Task<(Attestation.Proved? Proved, JoinOutcome? Denied)> AuthorizeAsync(
        Admission admission, CancellationToken cancellationToken)
    {
        if (admission.Order is not { } order) return (null, null);
        if (await FindFaultAsync(order, admission, cancellationToken) is { } refused) return (null, refused);
        return await issuer.RedeemAsync(order, cancellationToken) switch
        {
            Attestation.Proved proved => (proved, null),
            var other => (null, OutcomeOf(other)),
        };
    }

    // A token is not to be lost to a wrong word, and who has proved nothing is told nothing.
    private async Task<JoinOutcome?> FindFaultAsync(
        CertificateOrder order, Admission admission, CancellationToken cancellationToken)
    {
        var claim = admission.Claim;
        var found = await issuer.LookAsync(order, admission.TrustDomain, cancellationToken);
        if (found is not Attestation.Proved proved) return OutcomeOf(found);
        if (FaultOf(proved, claim) is { } fault) return fault;
        return await members.FindFaultAsync(claim, cancellationToken) is { } reason
            ? new JoinOutcome.Forbidden($"What it says of itself needs the role registrar: {reason}.")
            : null;
    }

    private static JoinOutcome.Forbidden? FaultOf(Attestation.Proved proved, MemberClaim claim) =>
        proved.Namespace != claim.Namespace
        || proved.ServiceAccount != claim.Registration.ServiceAccount
        || (proved.Group.Length > 0 && proved.Group != claim.Registration.Group)
            ? new($"What was presented is for namespace '{proved.Namespace}', "
                + $"service account '{proved.ServiceAccount}'"
                + (proved.Group.Length == 0 ? "." : $", group '{proved.Group}'."))
            : null;

    private static JoinOutcome OutcomeOf(Attestation denied) => denied switch
    {
        Attestation.Refused(var reason, _) => new JoinOutcome.Unauthenticated(reason),
        Attestation.Contradicted(var reason) => new JoinOutcome.Forbidden(reason),
        Attestation.Unavailable(var reason, var retryAfter) => new JoinOutcome.Unavailable(reason, retryAfter),
        _ => throw new InvalidOperationException($"Unknown attestation {denied.GetType().Name}."),
    };

    private async Task<JoinOutcome> AnswerAsync(
        Admission admission,
        Attestation.Proved? proved,
        RegisterResult.Registered registered,
        AuthorityBundle bundle,
        CancellationToken cancellationToken)
    {
        var request = admission.Request;
        CertificateAnswer? certificate = null;
        if (admission.Csr is { } csr)
        {
            var (answer, denied) = await SignAsync(admission, proved, csr, cancellationToken);
            if (denied is not null) return Refuse(request, denied);
            certificate = answer;
        }

        var token = certificate is null ? await MintAsync(admission, proved, cancellationToken) : null;
        if (admission.Order is { Evidence: var evidence }) await attestors.FinishAsync(evidence, cancellationToken);
        LogJoined(request.Namespace, request.Name, admission.Id.ToString());
        return new JoinOutcome.Joined(new JoinAnswer(
            admission.Node,
            registered.Created,
            admission.Id.ToString(),
            registered.Lease.TotalSeconds,
            new TrustBundleAnswer(bundle.TrustDomain, bundle.RootsPem, bundle.Sequence),
            options.Value.XdsAddress(),
            SidecarConfig.For(request, options.Value.XdsAddress(), token),
            certificate));
    }

    private async Task<(CertificateAnswer? Answer, JoinOutcome? Denied)> SignAsync(
        Admission admission, Attestation.Proved? proved, byte[] csr, CancellationToken cancellationToken)
    {
        if (admission.Order is { } order && proved is not null)
        {
            return await issuer.SignAsync(order, proved, admission.TrustDomain, cancellationToken) switch
            {
                Issuance.Issued(_, var chain, var view) => (AnswerOf(chain, view), null),
                Issuance.Invalid(var reason) => (null, new JoinOutcome.Invalid("csr", reason)),
                Issuance.Denied(var why) => (null, OutcomeOf(why)),
                Issuance.TooOften(var retryAfter) => (null, new JoinOutcome.TooOften(retryAfter)),
                var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
            };
        }

        var request = new IssueRequest([.. csr], admission.Node, Lifetime: null);
        var identity = grains.GetGrain<IIdentityGrain>(admission.Id.ToString());
        return await identity.IssueAsync(request, cancellationToken) switch
        {
            IssueResult.Issued(var chain, var view) => (AnswerOf(chain, view), null),
            IssueResult.Refused(var reason) => (null, new JoinOutcome.Invalid("csr", reason)),
            IssueResult.TooOften(var retryAfter) => (null, new JoinOutcome.TooOften(retryAfter)),
            var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
        };
    }

    private static CertificateAnswer AnswerOf(ImmutableArray<string> chain, CertificateView view) =>
        new(chain, view.Serial, view.NotAfter, view.RotateAt);

    // Whoever joins with a token and repeats the request gets the same one: a lost answer is no second credential. It
    // is for this node only, and good for no more than what it was given for.
    private Task<JoinToken> MintAsync(
        Admission admission, Attestation.Proved? proved, CancellationToken cancellationToken)
    {
        var request = admission.Request;
        var expiresAt = clock.GetUtcNow() + options.Value.SidecarTokenLifetime;
        var grant = new JoinTokenGrant(
            JoinTokens.WorkloadPurpose,
            request.Namespace,
            request.ServiceAccount,
            request.Group,
            expiresAt,
            admission.Node,
            proved?.Node?.Key,
            OnlyFirst: proved is { MayReattest: false });
        return admission.Order is { Evidence: Evidence.Token(var used) }
            ? tokens.MintAfterAsync(used, request.Claim, grant, cancellationToken)
            : tokens.MintAsync(grant, cancellationToken);
    }

    private JoinOutcome Refuse(WorkloadRequest request, JoinOutcome outcome)
    {
        LogRefused(Printable.ForLog(request.Namespace), Printable.ForLog(request.Name), Printable.ForLog(outcome.ToString()));
        return outcome;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Workload {Namespace}/{Name} joined as {SpiffeId}.")]
    private partial void LogJoined(string @namespace, string name, string spiffeId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workload {Namespace}/{Name} was not let in: {Outcome}.")]
    private partial void LogRefused(string @namespace, string name, string outcome);

    /// <summary>What is known of a join before it is decided.</summary>
    private sealed record Admission(
        WorkloadRequest Request, JoinCredential Credential, byte[]? Csr, TrustDomain TrustDomain)
    {
        public string Node { get; } = $"{Request.Namespace}/{Request.Name}";

        public SpiffeId Id { get; } = SpiffeId.ForWorkload(TrustDomain, Request.Namespace, Request.ServiceAccount);

        /// <summary>What it says of itself, or somebody else of it.</summary>
        public MemberClaim Claim { get; } = new(
            Request.Namespace, Request.Name, Request.ToRegistration(), (Credential as JoinCredential.Proof)?.From);

        /// <summary>The certificate that it wants; null when nothing is proved.</summary>
        public CertificateOrder? Order { get; } = Credential is JoinCredential.Proof(var evidence, var examined, _)
            ? new CertificateOrder
            {
                Evidence = evidence,
                Examined = examined,
                Use = new EvidenceUse($"workload {Request.Namespace}/{Request.Name}", Request.Claim),
                Csr = Csr is null ? [] : [.. Csr],
                Node = $"{Request.Namespace}/{Request.Name}",
            }
            : null;
    }
}
