using System.Collections.Immutable;
using System.Security.Cryptography;
using MeshOrleans.Model.Identity;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace MeshOrleans.Grains.Identity;

/// <remarks>
/// A rotation goes on by a timer while the grain is active, which it is: every process of the control plane asks for the
/// bundle every few seconds.
/// </remarks>
[KeepAlive]
internal sealed partial class CertificateAuthorityGrain(
    [PersistentState("authority", StorageNames.Mesh)] IPersistentState<AuthorityState> store,
    AuthorityParts parts,
    TimeProvider clock,
    ILogger<CertificateAuthorityGrain> logger) : Grain, ICertificateAuthorityGrain, IDisposable
{
    private static readonly GrainTimerCreationOptions _everySecond = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    private static readonly TimeSpan _pause = TimeSpan.FromDays(1);

    // A clock that is ahead for some minutes begins no rotation.
    private static readonly TimeSpan _endingFor = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan _pluggedPeriod = TimeSpan.FromSeconds(5);

    private readonly TrustDomain _domain = TrustDomain.Parse(parts.Mesh.Value.TrustDomain);
    private AuthorityKeys _keys = null!;
    private AuthorityMaterial _signing = null!;
    private AuthorityMaterial? _other; // the next one, or the one that leaves
    private SigningAuthority? _authority;
    private (long Sequence, RootAudience Audience) _heard = (0, RootAudience.Unknown);
    private readonly ToldOnce _pluggedFault = new();
    private readonly ToldOnce _stepFault = new();
    private readonly ToldOnce _audienceFault = new();
    private readonly ToldOnce _warning = new();
    private long? _endingSince; // by the clock that cannot be set
    private string _switchFault = ""; // why the step that is due waits
    private readonly PhaseTime _time = new(clock);

    private AuthorityOptions Options => parts.Options.Value;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _keys = await parts.Keys.LoadAsync(cancellationToken) ?? await CreateAsync(cancellationToken);
        await store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);
        await FitAsync();
        Open();
        await RenewSignerAsync(cancellationToken);
        this.RegisterGrainTimer(StepAsync, _everySecond);
        this.RegisterGrainTimer(PlugInAsync, new GrainTimerCreationOptions(TimeSpan.FromSeconds(1), _pluggedPeriod));

        // Asks others, who may be slow: whoever wants a signature does not wait for that.
        this.RegisterGrainTimer(ListenAsync, _everySecond with { Interleave = true });
    }

    public Task<ExamineResult> ExamineAsync(SignRequest request, CancellationToken cancellationToken)
    {
        if (_authority!.WhyNot(request, clock.GetUtcNow()) is not { } reason)
        {
            return Task.FromResult<ExamineResult>(
                new ExamineResult.Acceptable(_authority.LifetimeOf(request), store.State.Sequence));
        }

        LogRefused(request.SpiffeId, reason);
        return Task.FromResult<ExamineResult>(new ExamineResult.Refused(reason));
    }

    public async Task<SignResult> SignAsync(SignRequest request, CancellationToken cancellationToken)
    {
        await RenewSignerAsync(cancellationToken);
        await GrantAsync(request);
        var result = _authority!.Sign(request, clock.GetUtcNow());
        switch (result)
        {
            case SignResult.Signed signed:
                var csr = Convert.ToHexString(SHA256.HashData(request.Csr.AsSpan()));
                LogSigned(signed.Serial, request.SpiffeId, csr, signed.Issuer, signed.NotAfter);
                break;
            case SignResult.Refused refused:
                LogRefused(request.SpiffeId, refused.Reason);
                break;
        }

        return result;
    }

    public Task<AuthorityBundle> GetBundleAsync(CancellationToken cancellationToken) => Task.FromResult(
        new AuthorityBundle(
            _domain.Name,
            store.State.RootsPem,
            store.State.Sequence,
            _signing.RootCertificate,
            _signing.SigningCertificate,
            Warnings().Length));

    public async Task<AuthorityView> DescribeAsync(CancellationToken cancellationToken)
    {
        var sequence = store.State.Sequence;
        var audience = await RootAudience.FindAsync(GrainFactory, sequence, cancellationToken);
        return View(sequence == store.State.Sequence ? audience : null); // the roots may have changed meanwhile
    }

    public async Task<RotationResult> RotateAsync(CancellationToken cancellationToken)
    {
        var reason = RotationMachine.WhyNot(store.State)
            ?? (_signing.RootKey.Length > 0 ? null : "The authority is plugged in: put another one in its place.");
        if (reason is null) await PublishNewAsync();
        return new RotationResult(reason, View());
    }

    public async Task<RotationResult> ForceAsync(
        AuthorityPhase phase, long sequence, CancellationToken cancellationToken)
    {
        if (RotationMachine.WhyNotForce(store.State, phase, sequence) is { } reason)
        {
            return new RotationResult(reason, View());
        }

        var fault = phase is AuthorityPhase.Publishing
            ? await WhyNotOtherAsync(cancellationToken)
            : await WhyNotAloneAsync(cancellationToken);
        if (fault is not null) return new RotationResult(fault, View());
        logger.Forced(phase);
        if (phase is AuthorityPhase.Publishing)
        {
            await HoldKeysAsync(cancellationToken);
            await SignWithOtherAsync(Heard());
        }
        else
        {
            await LeaveAloneAsync();
        }

        return new RotationResult(null, View());
    }

    public async Task<RotationResult> TurnBackAsync(CancellationToken cancellationToken)
    {
        if (store.State.Phase is AuthorityPhase.Settled)
        {
            return new RotationResult("No rotation is under way.", View());
        }

        var isPublishing = store.State.Phase is AuthorityPhase.Publishing;
        if (!isPublishing && store.State.IsTurnedBack) return new RotationResult(null, View());
        var fault = isPublishing ? await WhyNotAloneAsync(cancellationToken) : await WhyNotOtherAsync(cancellationToken);
        if (fault is not null) return new RotationResult(fault, View());
        if (isPublishing) await LeaveAloneAsync();
        else await SignWithFormerAsync();
        return new RotationResult(null, View());
    }

    public void Dispose()
    {
        _authority?.Dispose();
        _keys?.Clear();
    }

    private async Task<AuthorityKeys> CreateAsync(CancellationToken cancellationToken)
    {
        logger.Creating(_domain.Name);
        var plugged = await parts.Plugged.ReadAsync(cancellationToken);
        if (plugged is not null && WhyNot(plugged) is { } fault) throw new FormatException(fault);
        var material = plugged
            ?? AuthorityCertificates.Create(_domain, clock.GetUtcNow(), Options.KeyType);
        var made = new AuthorityKeys(material);
        var stored = await parts.Keys.CreateAsync(made, cancellationToken);
        if (!ReferenceEquals(stored, made)) made.Clear();
        return stored;
    }

    private async Task FitAsync()
    {
        var before = store.State;
        await ChangeAsync(RotationMachine.Fit(
            before, _keys, _domain, AuthorityOptions.FormerMaxLifetime, clock.GetUtcNow()));
        if (!before.RootsPem.IsEmpty && before.RootsPem != store.State.RootsPem) logger.KeysGone(store.State.Signing);
    }

    private async Task RenewSignerAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_authority!.NeedsNewSigner(now)) await RenewSignerAsync(_signing, now, cancellationToken);
    }

    private async Task RenewSignerAsync(AuthorityMaterial held, DateTimeOffset now, CancellationToken cancellationToken)
    {
        SignLastList(held);
        var renewed = AuthorityCertificates.WithNewSigner(held, _domain, now, Options.KeyType);
        Hold(await parts.Keys.ReplaceAsync(_keys, _keys.With(held, renewed), cancellationToken));
        logger.SignerRenewed(_domain.Name);
    }

    // Saved before anything is signed: how long this root must stay once another one signs.
    private Task GrantAsync(SignRequest request)
    {
        var lifetime = _authority!.LifetimeOf(request) + RotationMachine.AheadOf(request.Reservation, clock.GetUtcNow());
        var next = RotationMachine.Grant(store.State, store.State.Signing, lifetime);
        return ReferenceEquals(next, store.State) || _authority.WhyNot(request, clock.GetUtcNow()) is not null
            ? Task.CompletedTask
            : ChangeAsync(next);
    }

    /// <summary>Goes on with other keys; those that are not among them are cleared.</summary>
    private void Hold(AuthorityKeys next)
    {
        var former = _keys;
        _keys = next;
        Open();
        former.Clear(next);
    }

    /// <summary>Makes sure that the keys which are to be relied upon are the stored ones.</summary>
    private async Task HoldKeysAsync(CancellationToken cancellationToken)
    {
        var stored = await parts.Keys.LoadAsync(cancellationToken);
        var isHeld = stored == _keys;
        stored?.Clear(_keys);
        if (!isHeld) throw Overtaken();
    }

    /// <summary>
    /// Makes sure that the state is the stored one, and stays it: a write whose answer was lost may say that these keys are
    /// needed, and may even come later. After one more write it cannot any longer.
    /// </summary>
    private Task HoldStateAsync() => ChangeAsync(store.State with { });

    private InconsistentStateException Overtaken()
    {
        this.DeactivateOnIdle();
        return new InconsistentStateException("The authority's keys have been changed by another activation.");
    }

    private async Task ChangeAsync(AuthorityState next)
    {
        var before = store.State;
        if (ReferenceEquals(next, before)) return;
        await this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
        if (next.Phase != before.Phase || next.Signing != before.Signing) _switchFault = "";
        if (next.Seen != before.Seen || next.Since != before.Since) _time.Restart();
        Open();
    }

    /// <summary>Makes ready to sign with whom the state says.</summary>
    private void Open()
    {
        var signing = RotationMachine.SignerOf(store.State, _keys);
        var showsLink = store.State.Phase is AuthorityPhase.Retiring;
        _other = signing == _keys.First ? _keys.Second : _keys.First;
        var isOpen = _authority is not null && signing == _signing && _authority.ShowsLink == showsLink;
        _signing = signing; // also where it is equal: the memory of the other one may be cleared
        if (isOpen) return;
        _authority?.Dispose();
        _authority = new SigningAuthority(signing, parts.Mesh.Value, Options, showsLink);
    }

    private AuthorityView View(RootAudience? audience = null) =>
        RotationView.Of(store.State, _keys, audience ?? RootAudience.Unknown, Options, Warnings());

    private ImmutableArray<string> Warnings() =>
    [
        .. AuthorityWarnings.Of(store.State, _keys, _pluggedFault.Fault, _switchFault, Options, clock.GetUtcNow()),
        .. RevocationWarnings(),
    ];

    // The audit trail of signatures: one line for each, before anybody has the certificate. Its form is relied upon.
    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Signed {Serial} for {SpiffeId}: request {CsrHash}, issuer {Issuer}, valid until {NotAfter:O}.")]
    private partial void LogSigned(
        string serial, string spiffeId, string csrHash, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A certificate for {SpiffeId} was refused: {Reason}")]
    private partial void LogRefused(string spiffeId, string reason);
}
