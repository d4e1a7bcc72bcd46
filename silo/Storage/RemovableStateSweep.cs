namespace MeshOrleans.Silo.Storage;

/// <summary>Every few minutes, removes the saved states that nobody needs any more.</summary>
internal sealed partial class RemovableStateSweep(
    IRemovableStates states, TimeProvider clock, ILogger<RemovableStateSweep> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromMinutes(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(_period, clock, stoppingToken);
            try
            {
                var removed = await states.RemoveAsync(clock.GetUtcNow(), stoppingToken);
                if (removed > 0) LogRemoved(removed);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception.Message); // the next time does it
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} saved states that nobody needs any more were removed.")]
    private partial void LogRemoved(int count);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Saved states that nobody needs any more could not be removed: {Reason}")]
    private partial void LogFailed(string reason);
}
