namespace MeshOrleans.Grains.Identity;

// How a rotation goes on by itself, and how a plugged-in authority takes over.
internal sealed partial class CertificateAuthorityGrain
{
    private async Task StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StepAsync(_time.Now(store.State), cancellationToken);
            await TellRevokedAsync();
            Warn();
            _stepFault.Clear();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (_stepFault.IsNew(exception.Message)) logger.StepFailed(exception); // every second is a try
        }
    }

    private async Task StepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var audience = Heard();
        switch (store.State.Phase)
        {
            case AuthorityPhase.Settled when _other is not null:
                await ReplaceKeysAsync(new AuthorityKeys(_signing));
                break;
            case AuthorityPhase.Settled when IsEnding(clock.GetUtcNow()):
                logger.RootEnds(_signing.Fingerprint);
                await PublishNewAsync();
                break;
            case AuthorityPhase.Publishing when RotationMachine.MaySign(store.State, _keys, audience, Options, now):
                _switchFault = await WhyNotOtherAsync(cancellationToken) ?? "";
                if (_switchFault.Length > 0) break; // it waits, and warns
                await HoldKeysAsync(cancellationToken);
                await SignWithOtherAsync(audience);
                break;
            case AuthorityPhase.Retiring when RotationMachine.MayLeave(store.State, now):
                _switchFault = await WhyNotAloneAsync(cancellationToken) ?? "";
                if (_switchFault.Length > 0) break;
                await LeaveAloneAsync();
                break;
            case AuthorityPhase.Publishing or AuthorityPhase.Retiring:
                await ChangeAsync(_time.Noted(store.State, store.State.LeavesAt ?? RotationMachine.SignsAt(store.State, _keys, Options)));
                break;
        }
    }

    // The owner of a plugged-in one is warned instead. Whoever has turned it back is left alone for a day.
    private bool IsEnding(DateTimeOffset now)
    {
        var isEnding = _signing.RootKey.Length > 0
            && AuthorityWarnings.IsLate(_signing.RootCertificate, AuthorityWarnings.LateRoot, now)
            && (store.State.Since is not { } since || now - since >= _pause);
        if (!isEnding) _endingSince = null;
        else _endingSince ??= clock.GetTimestamp();
        return _endingSince is { } first && clock.GetElapsedTime(first) >= _endingFor;
    }

    private RootAudience Heard() => _heard.Sequence == store.State.Sequence ? _heard.Audience : RootAudience.Unknown;

    private void Warn()
    {
        var warning = string.Join(' ', Warnings());
        if (_warning.IsNew(warning)) logger.NeedsAttention(warning);
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        if (store.State.Phase is not AuthorityPhase.Publishing) return;
        try
        {
            var sequence = store.State.Sequence;
            _heard = (sequence, await RootAudience.FindAsync(GrainFactory, sequence, cancellationToken));
            var fault = _heard.Audience.Fault;
            if (fault.Length == 0) _audienceFault.Clear();
            else if (_audienceFault.IsNew(fault)) logger.AudienceUnknown(fault);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _heard = (0, RootAudience.Unknown);
            if (_audienceFault.IsNew(exception.Message)) logger.AudienceUnknown(exception.Message);
        }
    }

    private async Task PlugInAsync(CancellationToken cancellationToken)
    {
        await PlugInAuthorityAsync(cancellationToken);
        await PlugInRevokedAsync(cancellationToken); // may be of the authority that has just come
    }

    private async Task PlugInAuthorityAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await parts.Plugged.ReadAsync(cancellationToken) is not { } plugged)
            {
                _pluggedFault.Clear();
                return;
            }

            try
            {
                await PlugInAsync(plugged);
            }
            finally
            {
                new AuthorityKeys(plugged).Clear(_keys); // it is read every few seconds
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (_pluggedFault.IsNew(exception.Message)) logger.NotPlugged(exception.Message);
        }
    }

    // Each is taken over once: another silo may still have the one before, and an operator may have turned back.
    private async Task PlugInAsync(AuthorityMaterial plugged)
    {
        var signer = AuthorityMaterial.FingerprintOf(plugged.SigningCertificate);
        if (store.State.Plugged.Contains(signer))
        {
            _pluggedFault.Clear();
            return;
        }

        var held = RotatesWith(plugged.Fingerprint);
        if ((WhyNot(plugged, held) ?? WhyLater(held)) is { } fault) throw new FormatException(fault);
        _pluggedFault.Clear();
        if (held is null)
        {
            await PublishAsync(AuthorityCertificates.LinkedTo(_signing, plugged, _domain, clock.GetUtcNow()), signer);
            return;
        }

        var next = plugged with { Link = held.Link };
        if (next != held)
        {
            SignLastList(held);
            await ReplaceKeysAsync(_keys.With(held, next));
        }

        await ChangeAsync(RotationMachine.PlugIn(store.State, signer));
        logger.Plugged(signer);
    }

    // One whose root has left, and whose keys are to go, does not count.
    private AuthorityMaterial? RotatesWith(string fingerprint) =>
        store.State.Phase is AuthorityPhase.Settled
            ? _signing.Fingerprint == fingerprint ? _signing : null
            : _keys.Find(fingerprint);

    private string? WhyLater(AuthorityMaterial? held) =>
        held is null && RotationMachine.WhyNot(store.State) is { } reason
            ? $"{reason} It waits until then. {RotationMachine.AdviceToForce(store.State.Phase)}"
            : null;

    private string? WhyNot(AuthorityMaterial plugged, AuthorityMaterial? held = null)
    {
        var now = clock.GetUtcNow();
        return AuthorityTrial.FindFault(plugged, parts.Mesh.Value, Options, now)
            ?? (held is not null && AuthorityCertificates.EndOf(held) < AuthorityCertificates.EndOf(plugged)
                ? null
                : AuthorityTrial.FindLifeFault(plugged, Options, now));
    }

    private Task PublishNewAsync()
    {
        var now = clock.GetUtcNow();
        var next = AuthorityCertificates.Create(_domain, now, Options.KeyType);
        return PublishAsync(AuthorityCertificates.LinkedTo(_signing, next, _domain, now));
    }

    private async Task PublishAsync(AuthorityMaterial next, string plugged = "")
    {
        await ReplaceKeysAsync(new AuthorityKeys(_signing, next));
        var state = plugged.Length == 0 ? store.State : RotationMachine.PlugIn(store.State, plugged);
        await ChangeAsync(RotationMachine.Publish(
            state, _signing, next, _domain, clock.GetUtcNow(), Options.MaxLifetime));
        logger.Published(next.Fingerprint, _signing.Fingerprint);
    }

    private async Task SignWithOtherAsync(RootAudience audience, bool isTurnedBack = false)
    {
        var next = RotationMachine.Sign(
            store.State with { IsTurnedBack = isTurnedBack },
            _other!,
            audience,
            _domain,
            Options.RetireGrace,
            clock.GetUtcNow());
        await ChangeAsync(next);
        logger.Signs(next.Signing, audience.Holding, next.LeavesAt);
        if (next.MissedCount > 0) logger.SignsWithout(next.Signing, next.MissedCount, string.Join(", ", next.Missed));
    }

    // Members may have joined that know only the root that signs now, and tokens pin it: it is linked to, and stays for as long
    // as a certificate lives even if none was signed under it.
    private async Task SignWithFormerAsync()
    {
        await ChangeAsync(RotationMachine.Assume(store.State, store.State.Signing, Options.DefaultLifetime));
        var former = AuthorityCertificates.LinkedTo(_signing, _other!, _domain, clock.GetUtcNow());
        if (former.Link.Length > 0) await ReplaceKeysAsync(_keys.With(_other!, former));
        await SignWithOtherAsync(RootAudience.Unknown, isTurnedBack: true);
    }

    // The keys that are not needed any more go in the step after it.
    private async Task LeaveAloneAsync()
    {
        await ChangeAsync(RotationMachine.Alone(store.State, _signing, _domain, clock.GetUtcNow()));
        logger.Alone(_signing.Fingerprint);
    }

    private async Task ReplaceKeysAsync(AuthorityKeys next)
    {
        if (_other is not null && next.Find(_other.Fingerprint) is null) await HoldStateAsync();
        var stored = await parts.Keys.ReplaceAsync(_keys, next, CancellationToken.None);
        if (stored != next) throw Overtaken();
        Hold(next);
    }

    /// <summary>Why the other authority is not made to sign: it cannot, or ends too soon; null when it can.</summary>
    private async Task<string?> WhyNotOtherAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        using (var other = new SigningAuthority(_other!, parts.Mesh.Value, Options))
        {
            if (other.NeedsNewSigner(now)) await RenewSignerAsync(_other!, now, cancellationToken);
        }

        var fault = AuthorityTrial.FindFault(_other!, parts.Mesh.Value, Options, now)
            ?? AuthorityTrial.FindLifeFault(_other!, Options, now);
        return fault is null ? null : $"The root that would sign cannot: {fault}";
    }

    /// <summary>Why the other authority does not leave: the one that stays cannot sign; null when it can.</summary>
    private async Task<string?> WhyNotAloneAsync(CancellationToken cancellationToken)
    {
        await RenewSignerAsync(cancellationToken);
        var fault = AuthorityTrial.FindFault(_signing, parts.Mesh.Value, Options, clock.GetUtcNow());
        return fault is null ? null : $"The root that would stay alone cannot sign: {fault}";
    }
}
