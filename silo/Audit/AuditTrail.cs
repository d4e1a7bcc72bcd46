using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Audit;

namespace MeshOrleans.Silo.Audit;

/// <summary>
/// Hands what callers have asked to change on to be saved, in their order. Nobody is kept waiting for it; while the store is away
/// it is tried again, and what there is no room for is at least a line of the log.
/// </summary>
internal sealed partial class AuditTrail(IGrainFactory grains, TimeProvider clock, ILogger<AuditTrail> logger) : BackgroundService
{
    private const int MaxWaiting = 4096;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly RefusalQuota _failures = new();
    private readonly RefusalQuota _refusals = new();
    private readonly RefusalQuota _strangers = new(); // they are many, and their refusals do not take the place of others'
    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(MaxWaiting);

    /// <summary>
    /// Notes an entry. Of what was refused, and of what ended in a failure, a few are kept, and the last of a caller says so; all are
    /// lines of the log.
    /// </summary>
    /// <param name="entry">What was asked for.</param>
    /// <param name="isStranger">Whether the caller, though known, has no role.</param>
    public void Note(AuditEntry entry, bool isStranger = false)
    {
        LogNoted(entry.Caller, entry.Address, entry.Method, entry.Path, entry.Status, entry.Revision, entry.Subject);
        if (QuotaOf(entry.Status, isStranger) is { } quota)
        {
            if (!quota.TryTake(entry.Caller, entry.Time, out var isLast)) return;
            if (isLast) entry = entry with { Subject = WithMore(entry.Subject) };
        }

        if (!_waiting.Writer.TryWrite(new Waiting(entry, Seen: null))) LogLost();
    }

    // whoever may do nothing can be refused without end, in every way that there is; of a failure (499, 500, 503) nobody knows
    // whether the change was carried out, so that refusals do not take its place
    private RefusalQuota? QuotaOf(int status, bool isStranger) => status switch
    {
        _ when isStranger => _strangers,
        < StatusCodes.Status400BadRequest => null,
        < StatusCodes.Status499ClientClosedRequest or StatusCodes.Status501NotImplemented => _refusals,
        _ => _failures,
    };

    private static string WithMore(string subject)
    {
        const string More = "[what follows within the hour may be in the log only]";
        if (subject.Length == 0) return More;
        var room = AuditEntry.MaxSubject - More.Length - 1;
        return $"{(subject.Length <= room ? subject : subject[..room])} {More}";
    }

    /// <summary>Waits until what was noted before is saved; for five seconds at most.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _waiting.Writer.WriteAsync(new Waiting(Entry: null, seen), either.Token);
            await seen.Task.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // whoever asks gets what is saved
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                while (Next() is { IsEmpty: false } batch) await SaveAsync(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // what was noted last is saved as well, if the store answers
            if (Next() is { IsEmpty: false } rest) await TrySaveAsync(rest);
        }
    }

    private ImmutableArray<Waiting> Next()
    {
        var batch = ImmutableArray.CreateBuilder<Waiting>();
        while (batch.Count < AuditEntry.MaxAtOnce && _waiting.Reader.TryRead(out var next)) batch.Add(next);
        return batch.DrainToImmutable();
    }

    private async Task SaveAsync(ImmutableArray<Waiting> batch, CancellationToken cancellationToken)
    {
        while (!await TrySaveAsync(batch)) await Task.Delay(_pause, clock, cancellationToken);
        foreach (var waiting in batch) waiting.Seen?.TrySetResult();
    }

    private async Task<bool> TrySaveAsync(ImmutableArray<Waiting> batch)
    {
        try
        {
            ImmutableArray<AuditEntry> entries = [.. batch.Where(w => w.Entry is not null).Select(w => w.Entry!)];
            if (!entries.IsEmpty)
            {
                await grains.GetGrain<IAuditGrain>(MeshKeys.Default).AppendAsync(entries, CancellationToken.None);
            }

            return true;
        }
        catch (Exception exception)
        {
            LogNotSaved(exception.Message);
            return false;
        }
    }

    private readonly record struct Waiting(AuditEntry? Entry, TaskCompletionSource? Seen);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Audit: {Caller} at {Address} asked for {Method} {Path}: {Status}, revision {Revision}, about '{Subject}'.")]
    private partial void LogNoted(string caller, string address, string method, string path, int status, long? revision, string subject);

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit trail is full: the change above is in this log only.")]
    private partial void LogLost();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit trail could not be saved, and is tried again: {Reason}")]
    private partial void LogNotSaved(string reason);
}
