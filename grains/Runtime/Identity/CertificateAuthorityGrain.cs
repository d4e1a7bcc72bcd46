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

    private static readonly TimeSpan _pluggedPeriod = TimeSpan.FromSeconds(5);

    private readonly TrustDomain _domain = TrustDomain.Parse(parts.Mesh.Value.TrustDomain);
    private AuthorityKeys _keys = null!;
    private AuthorityMaterial _signing = null!;
    private AuthorityMaterial? _other; // the next one, or the one that leaves
    private SigningAuthority? _authority;
    private (long Sequence, RootAudience Audience) _heard = (0, RootAudience.Unknown);
    private string _pluggedFault = "";
    private string _stepFault = "";
    private string _audienceFault = "";

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
        new AuthorityBundle(_domain.Name, store.State.RootsPem, store.State.Sequence, _signing.RootCertificate));

    public async Task<AuthorityView> DescribeAsync(CancellationToken cancellationToken)
    {
        var sequence = store.State.Sequence;
        var audience = await RootAudience.FindAsync(GrainFactory, sequence, cancellationToken);
        return RotationView.Of(store.State, _keys, audience, Options);
    }

    public async Task<RotationResult> RotateAsync(CancellationToken cancellationToken)
    {
        var reason = RotationMachine.WhyNot(store.State)
            ?? (_signing.RootKey.Length > 0 ? null : "The authority is plugged in: put another one in its place.");
        if (reason is null)
        {
            var next = AuthorityCertificates.Create(_domain, clock.GetUtcNow(), Options.KeyType);
            await PublishAsync(AuthorityCertificates.LinkedTo(_signing, next, _domain, clock.GetUtcNow()));
        }

        return new RotationResult(reason, View());
    }

    public async Task<RotationResult> TurnBackAsync(CancellationToken cancellationToken)
    {
        if (store.State.Phase is AuthorityPhase.Settled)
        {
            return new RotationResult("No rotation is under way.", View());
        }

        if (store.State.Phase is AuthorityPhase.Publishing) await LeaveAloneAsync();
        else await SignWithOtherAsync(RootAudience.Unknown);
        return new RotationResult(null, View());
    }

    public void Dispose() => _authority?.Dispose();

    private async Task<AuthorityKeys> CreateAsync(CancellationToken cancellationToken)
    {
        logger.Creating(_domain.Name);
        var material = await parts.Plugged.ReadAsync(cancellationToken)
            ?? AuthorityCertificates.Create(_domain, clock.GetUtcNow(), Options.KeyType);
        return await parts.Keys.CreateAsync(new AuthorityKeys(material), cancellationToken);
    }

    private async Task FitAsync()
    {
        var before = store.State;
        await ChangeAsync(RotationMachine.Fit(before, _keys, _domain, Options.MaxLifetime, clock.GetUtcNow()));
        if (!before.RootsPem.IsEmpty && before.RootsPem != store.State.RootsPem) logger.KeysGone(store.State.Signing);
    }

    private async Task RenewSignerAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (!_authority!.NeedsNewSigner(now)) return;
        var renewed = AuthorityCertificates.WithNewSigner(_signing, _domain, now, Options.KeyType);
        _keys = await parts.Keys.ReplaceAsync(_keys, _keys.With(_signing, renewed), cancellationToken);
        Open();
        logger.SignerRenewed(_domain.Name);
    }

    // Saved before anything is signed: how long this root must stay once another one signs.
    private Task GrantAsync(SignRequest request)
    {
        var next = RotationMachine.Grant(store.State, store.State.Signing, _authority!.LifetimeOf(request));
        return ReferenceEquals(next, store.State) || _authority.WhyNot(request, clock.GetUtcNow()) is not null
            ? Task.CompletedTask
            : ChangeAsync(next);
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StepAsync(clock.GetUtcNow(), cancellationToken);
            _stepFault = "";
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (_stepFault != exception.Message) logger.StepFailed(exception); // every second is a try
            _stepFault = exception.Message;
        }
    }

    private async Task StepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var audience = _heard.Sequence == store.State.Sequence ? _heard.Audience : RootAudience.Unknown;
        switch (store.State.Phase)
        {
            case AuthorityPhase.Settled when _other is not null:
                await ReplaceKeysAsync(new AuthorityKeys(_signing));
                break;
            case AuthorityPhase.Publishing when RotationMachine.MaySign(store.State, audience, Options, now):
                await HoldKeysAsync(cancellationToken);
                await SignWithOtherAsync(audience);
                break;
            case AuthorityPhase.Retiring when RotationMachine.MayLeave(store.State, now):
                await LeaveAloneAsync();
                break;
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        if (store.State.Phase is not AuthorityPhase.Publishing) return;
        try
        {
            var sequence = store.State.Sequence;
            _heard = (sequence, await RootAudience.FindAsync(GrainFactory, sequence, cancellationToken));
            _audienceFault = "";
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _heard = (0, RootAudience.Unknown);
            if (_audienceFault != exception.Message) logger.AudienceUnknown(exception.Message);
            _audienceFault = exception.Message;
        }
    }

    private async Task PlugInAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await parts.Plugged.ReadAsync(cancellationToken) is { } plugged) await PlugInAsync(plugged);
            _pluggedFault = "";
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (_pluggedFault != exception.Message) logger.NotPlugged(exception.Message);
            _pluggedFault = exception.Message;
        }
    }

    // Each is taken over once: another silo may still have the one before, and an operator may have turned back.
    private async Task PlugInAsync(AuthorityMaterial plugged)
    {
        var signer = AuthorityMaterial.FingerprintOf(plugged.SigningCertificate);
        if (store.State.Phase is not AuthorityPhase.Settled || store.State.Plugged.Contains(signer)) return;
        if (plugged.Fingerprint != _signing.Fingerprint)
        {
            await PublishAsync(AuthorityCertificates.LinkedTo(_signing, plugged, _domain, clock.GetUtcNow()), signer);
            return;
        }

        var next = plugged with { Link = _signing.Link };
        if (next != _signing) await ReplaceKeysAsync(_keys.With(_signing, next));
        await ChangeAsync(RotationMachine.PlugIn(store.State, signer));
        logger.Plugged(signer);
    }

    private async Task PublishAsync(AuthorityMaterial next, string plugged = "")
    {
        await ReplaceKeysAsync(new AuthorityKeys(_signing, next));
        var state = plugged.Length == 0 ? store.State : RotationMachine.PlugIn(store.State, plugged);
        await ChangeAsync(RotationMachine.Publish(state, _signing, next, _domain, clock.GetUtcNow()));
        logger.Published(next.Fingerprint, _signing.Fingerprint);
    }

    private async Task SignWithOtherAsync(RootAudience audience)
    {
        var next = RotationMachine.Sign(
            store.State, _other!, audience, _domain, Options.RetireGrace, clock.GetUtcNow());
        await ChangeAsync(next);
        logger.Signs(next.Signing, audience.Holding, next.LeavesAt);
        if (next.MissedCount > 0) logger.SignsWithout(next.Signing, next.MissedCount, string.Join(", ", next.Missed));
    }

    // The keys that are not needed any more go in the step after it.
    private async Task LeaveAloneAsync()
    {
        await ChangeAsync(RotationMachine.Alone(store.State, _signing, _domain, clock.GetUtcNow()));
        logger.Alone(_signing.Fingerprint);
    }

    private async Task ReplaceKeysAsync(AuthorityKeys next)
    {
        var stored = await parts.Keys.ReplaceAsync(_keys, next, CancellationToken.None);
        if (stored != next) throw Overtaken();
        _keys = next;
        Open();
    }

    /// <summary>Makes sure that the keys which are to be relied upon are the stored ones.</summary>
    private async Task HoldKeysAsync(CancellationToken cancellationToken)
    {
        if (await parts.Keys.LoadAsync(cancellationToken) != _keys) throw Overtaken();
    }

    private InconsistentStateException Overtaken()
    {
        this.DeactivateOnIdle();
        return new InconsistentStateException("The authority's keys have been changed by another activation.");
    }

    private async Task ChangeAsync(AuthorityState next)
    {
        if (ReferenceEquals(next, store.State)) return;
        await this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
        Open();
    }

    /// <summary>Makes ready to sign with whom the state says.</summary>
    private void Open()
    {
        var signing = RotationMachine.SignerOf(store.State, _keys);
        var showsLink = store.State.Phase is AuthorityPhase.Retiring;
        _other = signing == _keys.First ? _keys.Second : _keys.First;
        if (_authority is not null && signing == _signing && _authority.ShowsLink == showsLink) return;
        _signing = signing;
        _authority?.Dispose();
        _authority = new SigningAuthority(signing, parts.Mesh.Value, Options, showsLink);
    }

    private AuthorityView View() => RotationView.Of(store.State, _keys, RootAudience.Unknown, Options);

    // The audit trail of signatures: one line for each, before anybody has the certificate. Its form is relied upon.
    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Signed {Serial} for {SpiffeId}: request {CsrHash}, issuer {Issuer}, valid until {NotAfter:O}.")]
    private partial void LogSigned(
        string serial, string spiffeId, string csrHash, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A certificate for {SpiffeId} was refused: {Reason}")]
    private partial void LogRefused(string spiffeId, string reason);
}
