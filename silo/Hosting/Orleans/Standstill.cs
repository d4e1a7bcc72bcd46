using MeshOrleans.Grains.Stores;
using Orleans.Concurrency;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// A process that stood still may have been given up meanwhile, and its grains live elsewhere. What it still holds is old:
/// a write would be refused by the store, but an answer that needs none ("unchanged") would be wrong. So after every pause
/// the first thing it does is to ask the database whether it still belongs; calls wait for that, all of them for one answer.
/// </summary>
/// <remarks>
/// While the database does not answer, nobody can be given up either: what only reads is served as it is known here, as it
/// is by those that never stood still.
/// </remarks>
internal sealed partial class Standstill(
    IClusterMembershipService membership, ILocalSiloDetails self, TimeProvider clock, ILogger<Standstill> logger)
    : BackgroundService, IIncomingGrainCallFilter
{
    /// <summary>Shorter than it takes to be given up (<see cref="ClusterMembership.SetLiveness"/>).</summary>
    private static readonly TimeSpan _tolerated = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task<Standing> _asked = Task.FromResult(Standing.Member);
    private long _aliveAt = clock.GetTimestamp();
    private bool _isTold;

    private enum Standing
    {
        Member,
        GivenUp,
        Unknown,
    }

    private bool IsAwake => clock.GetElapsedTime(Volatile.Read(ref _aliveAt)) < _tolerated;

    public Task Invoke(IIncomingGrainCallContext context) =>
        IsAwake || context.TargetId.IsSystemTarget() ? context.Invoke() : AskFirstAsync(context);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(_tick, clock, stoppingToken);
            if (IsAwake) Volatile.Write(ref _aliveAt, clock.GetTimestamp());
            else await AskAsync();
        }
    }

    private async Task AskFirstAsync(IIncomingGrainCallContext context)
    {
        var standing = await AskAsync();
        if (standing is Standing.GivenUp)
        {
            throw new StoreUnavailableException("The process stood still and was given up; nothing was done.");
        }

        if (standing is Standing.Unknown && !context.InterfaceMethod.IsDefined(typeof(AlwaysInterleaveAttribute), true))
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
        if (IsAwake) return Standing.Member;
        var stood = clock.GetElapsedTime(_aliveAt);
        if (!_isTold) LogStood(stood);
        try
        {
            using var bound = new CancellationTokenSource(_patience, clock);
            await membership.Refresh(default, bound.Token).AsTask().WaitAsync(bound.Token);
        }
        catch (Exception exception)
        {
            if (!_isTold) LogUnknown(exception.Message);
            _isTold = true;
            return Standing.Unknown;
        }

        if (membership.CurrentSnapshot.GetSiloStatus(self.SiloAddress) is SiloStatus.Dead) return Standing.GivenUp;
        _isTold = false;
        Volatile.Write(ref _aliveAt, clock.GetTimestamp());
        return Standing.Member;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "This process stood still for {Time}: it asks the database whether it still belongs before it goes on.")]
    private partial void LogStood(TimeSpan time);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Whether this process still belongs is not known, and asked every second: {Reason}")]
    private partial void LogUnknown(string reason);
}
