using MeshOrleans.Grains.Stores;
using MeshOrleans.Silo.Hosting.Clock;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// A process that stood still may have been given up meanwhile, and its grains live elsewhere. What it still holds is old:
/// a write would be refused by the store, but an answer that needs none ("unchanged") would be wrong. So after every pause
/// the first thing it does is to ask the database whether it still belongs, and what time it is; calls wait for that, all of
/// them for one answer. One that never stood still asks every few seconds, for it may be given up while it runs.
/// </summary>
/// <remarks>
/// While the database answers nobody, nobody can be given up: what is harmless is served as it is known here
/// (<see cref="HarmlessCalls"/>), as it is by those that never stood still. One that alone has lost it cannot tell the difference.
/// </remarks>
internal sealed partial class Standstill(
    ClusterRow row, IClusterMembershipService membership, TimeProvider clock, ILogger<Standstill> logger)
    : BackgroundService, IIncomingGrainCallFilter
{
    /// <summary>Shorter than it takes to be given up (<see cref="ClusterMembership.SetLiveness"/>).</summary>
    private static readonly TimeSpan _tolerated = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly PauseWatch _watch = new(_tolerated, clock, TimeProvider.System);
    private readonly PauseWatch _readingSince = new(_tolerated, clock, TimeProvider.System);
    private readonly HarmlessCalls _harmless = new();
    private readonly Lock _gate = new();
    private Task<Standing> _asked = Task.FromResult(Standing.Member);
    private Task<SiloStatus?> _reading = Task.FromResult<SiloStatus?>(null); // by one question at a time
    private bool _hasJoined; // as above
    private volatile Standing _known = Standing.Member;

    private enum Standing
    {
        Member,
        GivenUp,
        Unknown,
    }

    public Task Invoke(IIncomingGrainCallContext context) =>
        (_known is Standing.Member && _watch.IsAwake) || IsOwn(context) ? context.Invoke() : AskFirstAsync(context);

    // The runtime's own calls, and the ticks of timers: Orleans never arms a timer again whose tick was refused, and what a
    // tick writes is compared with the store.
    private static bool IsOwn(IIncomingGrainCallContext context) =>
        context.TargetId.IsSystemTarget() || context.SourceId == context.TargetId;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var askedAt = clock.GetTimestamp();
        while (true)
        {
            await Task.Delay(_tick, clock, stoppingToken);
            var now = _watch.Now;
            if (_known is Standing.Member && _watch.IsAwakeAt(now))
            {
                _watch.MarkAwake(now);
                if (clock.GetElapsedTime(askedAt) < _period) continue;
            }

            askedAt = clock.GetTimestamp();
            if (await AskAsync() is Standing.GivenUp) await EndAsync(stoppingToken);
        }
    }

    // Orleans ends the process as soon as it reads of its death, which it does seldom.
    private async Task EndAsync(CancellationToken cancellationToken)
    {
        try
        {
            await membership.Refresh(default, cancellationToken).AsTask().WaitAsync(_patience, clock, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnread(exception.Message);
        }
    }

    private async Task AskFirstAsync(IIncomingGrainCallContext context)
    {
        // that there is no answer has been found out once, and is asked again by the loop: not every call waits for it anew
        var standing = _known is Standing.Unknown ? Standing.Unknown : await AskAsync();
        if (standing is Standing.GivenUp)
        {
            throw new StoreUnavailableException("The process was given up by the others; nothing was done.");
        }

        if (standing is Standing.Unknown && !_harmless.Contains(context.InterfaceMethod))
        {
            throw new StoreUnavailableException(
                "The process stood still and cannot find out whether it still belongs to the cluster; nothing was done.");
        }

        await context.Invoke();
    }

    private Task<Standing> AskAsync()
    {
        lock (_gate)
        {
            if (_asked.IsCompleted) _asked = Task.Run(AskDatabaseAsync);
            return _asked;
        }
    }

    private async Task<Standing> AskDatabaseAsync()
    {
        if (_known is Standing.GivenUp) return Standing.GivenUp; // for good: nobody is taken back
        var begin = _watch.Now;
        var wasAwake = _watch.IsAwakeAt(begin);
        if (!wasAwake && _known is Standing.Member) LogStood(_watch.SinceAwake(begin));
        var (standing, answered) = await ReadAsync();
        // whoever joined this question after a pause that fell into it must not be let through
        if (standing is Standing.Unknown && wasAwake && _watch.IsAwake && _known is Standing.Member) return Standing.Member;
        if (standing is Standing.GivenUp) LogGivenUp();
        // in this order: a call that sees the standing must not see the pause any more
        if (standing is Standing.Member) _watch.MarkAwake(answered);
        return _known = standing;
    }

    // A question is never taken back: cancelling one makes the database's client ask the database to do so, and hold a thread
    // until it has. It is waited for again instead.
    private async Task<(Standing Standing, PauseWatch.Moment Answered)> ReadAsync()
    {
        try
        {
            while (true)
            {
                if (_reading.IsCompleted)
                {
                    _readingSince.MarkAwake(_readingSince.Now);
                    _reading = row.ReadStatusAsync(CancellationToken.None);
                }

                var status = await _reading.WaitAsync(_patience, clock);
                var answered = _watch.Now;
                if (!_readingSince.IsAwakeAt(answered)) continue; // it may be an answer of before a pause
                _hasJoined |= status is not null;
                return (StandingOf(status), answered);
            }
        }
        catch (Exception exception)
        {
            if (_known is not Standing.Unknown) LogUnknown(exception.Message);
            return (Standing.Unknown, _watch.Now);
        }
    }

    private Standing StandingOf(SiloStatus? status) => status switch
    {
        null => _hasJoined ? Standing.GivenUp : Standing.Unknown,
        SiloStatus.Dead => Standing.GivenUp,
        _ => Standing.Member,
    };

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "This process stood still for {Time}: it asks the database whether it still belongs before it goes on.")]
    private partial void LogStood(TimeSpan time);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Whether this process still belongs is not known, and asked every second: {Reason}")]
    private partial void LogUnknown(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership table was not read again: {Reason}")]
    private partial void LogUnread(string reason);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "This process was given up by the others: it serves no call and ends.")]
    private partial void LogGivenUp();
}
