using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace MeshOrleans.Grains.Config;

/// <remarks>
/// A revision is saved, then told. A crash between the two is healed by the next activation, which tells everything
/// before it answers anybody; the snapshot passes over what it has. A reminder wakes it where nobody calls.
/// </remarks>
[KeepAlive]
internal sealed partial class MeshConfigGrain(
    IRevisionStore store,
    TimeProvider clock,
    ILogger<MeshConfigGrain> logger) : Grain, IMeshConfigGrain, IRemindable
{
    private const string WakeReminder = "wake";
    private const int TellLength = 500;
    private const int MaxListed = 500;

    private static readonly TimeSpan _reminderPeriod = TimeSpan.FromMinutes(1);

    private ConfigState _state = null!;
    private ImmutableArray<RevisionRecord> _newest = []; // without their changes, newest first
    private bool _isReminded;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _state = ConfigState.From(await store.LoadAsync(cancellationToken));
        _newest = await store.ListAsync(_state.Revision + 1, MaxListed, cancellationToken);
        foreach (var part in _state.ChangesAfter(0).Chunk(TellLength))
        {
            await GrainFactory.GetMeshSnapshot().PublishAsync([.. part], cancellationToken);
        }
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask; // it is awake

    public async Task<ApplyResult> ApplyAsync(ApplyRequest request, CancellationToken cancellationToken)
    {
        var (result, revision) = ConfigMachine.Decide(_state, request, clock.GetUtcNow());
        if (revision is null)
        {
            if (!request.DryRun) await RequireNewestAsync(cancellationToken);
            return result;
        }

        if (!_isReminded) // there before anything is saved that may stay untold
        {
            await this.RegisterOrUpdateReminder(WakeReminder, _reminderPeriod, _reminderPeriod, CancellationToken.None);
            _isReminded = true;
        }

        await SaveAsync(revision);
        await TellAsync(revision);
        LogAccepted(revision.Number, revision.Author, revision.Changes.Length);
        return result;
    }

    public Task<long> GetRevisionAsync(CancellationToken cancellationToken) => Task.FromResult(_state.Revision);

    public Task<ImmutableArray<ConfigDocument>> GetDocumentsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<ConfigDocument>>(
        [
            .. _state.Documents.Values.Where(d => d.Json is not null).Select(d => new ConfigDocument(d.Key, d.Json!)),
        ]);

    public Task<ImmutableArray<RevisionRecord>> ListRevisionsAsync(
        long before, int count, CancellationToken cancellationToken) =>
        RevisionPage.Find(_newest, Math.Max(before, 0), Math.Clamp(count, 1, MaxListed)) is { } page
            ? Task.FromResult(page)
            : store.ListAsync(Math.Max(before, 0), Math.Clamp(count, 1, MaxListed), cancellationToken);

    public Task<RevisionRecord?> FindRevisionAsync(long number, CancellationToken cancellationToken) =>
        store.FindAsync(number, cancellationToken);

    // What writes nothing is not refused by the store: an activation that has been replaced would tell its old state.
    private async Task RequireNewestAsync(CancellationToken cancellationToken)
    {
        var newest = await store.ReadNewestAsync(cancellationToken);
        if (newest == _state.Revision) return;
        DeactivateOnIdle();
        throw new InconsistentStateException(
            $"The newest revision is {newest}, and this activation knows {_state.Revision}.");
    }

    private async Task SaveAsync(RevisionRecord revision)
    {
        try
        {
            if (!await store.TryAppendAsync(revision, CancellationToken.None))
            {
                throw new InconsistentStateException($"Somebody else has written revision {revision.Number}.");
            }
        }
        catch (Exception exception)
        {
            LogNotSaved(exception, revision.Number);
            this.ReloadAfter(exception, () => store.LoadAsync(CancellationToken.None));
            throw;
        }

        _state = _state.After(revision);
        _newest = [.. _newest.Prepend(revision with { Changes = [] }).Take(MaxListed)];
    }

    private async Task TellAsync(RevisionRecord revision)
    {
        try
        {
            await GrainFactory.GetMeshSnapshot()
                .PublishAsync([.. _state.ChangesAfter(revision.Number - 1)], CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotTold(exception, revision.Number);
            DeactivateOnIdle(); // the next activation tells first
            throw;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Revision {Revision} by {Author} changes {Count} resources.")]
    private partial void LogAccepted(long revision, string author, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Revision {Revision} could not be saved; whoever asked is told so.")]
    private partial void LogNotSaved(Exception exception, long revision);

    [LoggerMessage(Level = LogLevel.Error, Message = "Revision {Revision} is saved but could not be told; beginning anew.")]
    private partial void LogNotTold(Exception exception, long revision);
}
