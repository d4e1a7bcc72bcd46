using MeshOrleans.Grains.Stores;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// A process that stood still may have been given up meanwhile, and its grains live elsewhere. What it still holds is old:
/// a write would be refused by the store, but an answer that needs none ("unchanged", a read) would be wrong. So after
/// every pause the first thing it does is to ask the database whether it still belongs; calls wait for that.
/// </summary>
internal sealed partial class Standstill(
    IClusterMembershipService membership, ILocalSiloDetails self, TimeProvider clock, ILogger<Standstill> logger)
    : BackgroundService, IIncomingGrainCallFilter
{
    /// <summary>Shorter than it takes to be given up (<see cref="ClusterMembership.SetLiveness"/>).</summary>
    private static readonly TimeSpan _tolerated = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _tick = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _asking = new(1);
    private long _aliveAt = clock.GetTimestamp();

    public Task Invoke(IIncomingGrainCallContext context) =>
        clock.GetElapsedTime(Volatile.Read(ref _aliveAt)) < _tolerated ? context.Invoke() : AskFirstAsync(context);

    public override void Dispose()
    {
        _asking.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(_tick, clock, stoppingToken);
            try
            {
                await CatchUpAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnknown(exception.Message);
            }
        }
    }

    private async Task AskFirstAsync(IIncomingGrainCallContext context)
    {
        try
        {
            await CatchUpAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is not StoreUnavailableException)
        {
            throw new StoreUnavailableException(
                "The process stood still and cannot find out whether it still belongs to the cluster; nothing was done.");
        }

        await context.Invoke();
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            var stood = clock.GetElapsedTime(_aliveAt);
            if (stood >= _tolerated)
            {
                LogStood(stood);
                await membership.Refresh(default, cancellationToken);
                if (membership.CurrentSnapshot.GetSiloStatus(self.SiloAddress) is SiloStatus.Dead)
                {
                    throw new StoreUnavailableException("The process stood still and was given up; nothing was done.");
                }
            }

            Volatile.Write(ref _aliveAt, clock.GetTimestamp());
        }
        finally
        {
            _asking.Release();
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "This process stood still for {Time}: it asks the database whether it still belongs before it goes on.")]
    private partial void LogStood(TimeSpan time);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether this process still belongs is not known: {Reason}")]
    private partial void LogUnknown(string reason);
}
