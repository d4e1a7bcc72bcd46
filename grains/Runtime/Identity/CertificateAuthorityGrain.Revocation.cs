using System.Collections.Immutable;
using MeshOrleans.Grains.Identity.Revocations;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Grains.Identity;

// What is revoked, by whom, and who is told.
internal sealed partial class CertificateAuthorityGrain
{
    private readonly Dictionary<string, string> _lastLists = new(StringComparer.Ordinal); // by signing certificate
    private readonly ToldOnce _revokedFault = new();
    private ImmutableArray<RevocationList> _examined = []; // what the files said when they were taken over
    private PluggedListView _pluggedLists = PluggedListView.None;

    public async Task<RevokeResult> RevokeAsync(RevokeRequest request, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (!SerialNumber.TryParse(request.Serial, out var serial))
        {
            return new RevokeResult("That is no serial number: write it in hex, as meshctl certs -o wide shows it.", null);
        }

        if (RevocationMachine.Find(store.State, serial) is { } known) return new RevokeResult(null, ViewOf(known));
        if (!RevocationReasonNames.TryParse(request.Reason, out var why))
        {
            return new RevokeResult($"The reason must be one of {RevocationReasonNames.Sayable}.", null);
        }

        if (RevocationMachine.WhyNot(store.State, _keys, serial) is { } reason) return new RevokeResult(reason, null);
        var record = new RevocationRecord(
            serial, request.SpiffeId, RevocationReasonNames.NameOf(why), now, request.NotAfter ?? LastEnd(now));
        await ChangeAsync(Told(RevocationMachine.Revoke(store.State, record)));
        logger.Revoked(serial, record.SpiffeId, record.Reason, record.NotAfter);
        return new RevokeResult(null, ViewOf(record));
    }

    public Task<ImmutableArray<RevocationView>> ListRevokedAsync(CancellationToken cancellationToken) =>
        Task.FromResult(store.State.Revoked.Select(ViewOf).ToImmutableArray());

    // Of a certificate that nobody knows: when the last one that may have been signed ends.
    private DateTimeOffset LastEnd(DateTimeOffset now)
    {
        var longest = store.State.Lifetimes.Values.Append(Options.MaxLifetime).Max();
        return now + longest + SigningAuthority.IssueTimeTolerance;
    }

    /// <summary>The state of which everybody is told what is revoked.</summary>
    private AuthorityState Told(AuthorityState next)
    {
        var now = clock.GetUtcNow();
        foreach (var last in _lastLists.Values) next = RevocationMachine.Keep(next, last, now);
        return RevocationMachine.Tell(next, _keys, _domain, now);
    }

    // The keys may be others, and what was revoked may have ended.
    private Task TellRevokedAsync() => ChangeAsync(Told(RevocationMachine.Prune(store.State, clock.GetUtcNow())));

    /// <summary>
    /// Has a signing certificate sign its last list, before its key goes. It is saved with the next step: a signature does not
    /// wait for that.
    /// </summary>
    private void SignLastList(AuthorityMaterial former)
    {
        var now = clock.GetUtcNow();
        if (!SignedLists.MaySign(former) || SignedLists.HasEnded(former, now)) return;
        _lastLists[former.SigningCertificate] = SignedLists.Sign(
            former, store.State.Revoked, RevocationListReader.ReadTold(store.State.PluggedCrls), store.State.CrlNumber + 1, now);
    }

    private async Task PlugInRevokedAsync(CancellationToken cancellationToken)
    {
        try
        {
            var lists = await parts.Plugged.ReadRevokedAsync(cancellationToken);
            if (lists.IsEmpty || (lists == _examined && _revokedFault.Fault.Length == 0))
            {
                _revokedFault.Clear(); // what was taken over stays: another silo may have no files
                return;
            }

            if (RevocationMachine.FindFault(lists, _keys, clock.GetUtcNow()) is { } fault) throw new FormatException(fault);
            var before = store.State.PluggedCrls;
            await ChangeAsync(Told(RevocationMachine.PlugIn(store.State, lists, _keys)));
            if (before != store.State.PluggedCrls) logger.RevokedPlugged(lists.Length, lists.Sum(list => list.Entries.Length));
            _examined = lists;
            _revokedFault.Clear();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (_revokedFault.IsNew(exception.Message)) logger.RevokedNotPlugged(exception.Message);
        }
    }

    private ImmutableArray<string> RevocationWarnings()
    {
        _pluggedLists = _pluggedLists.For(store.State.PluggedCrls);
        return _pluggedLists.Warnings(_revokedFault.Fault, clock.GetUtcNow());
    }

    private static RevocationView ViewOf(RevocationRecord record) =>
        new(record.Serial, record.SpiffeId, record.Reason, record.RevokedAt, record.NotAfter);
}
