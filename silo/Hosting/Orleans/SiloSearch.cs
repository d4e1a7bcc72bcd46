namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>A gateway that finds no silo goes on looking: it may have been started first.</summary>
internal sealed partial class SiloSearch(TimeProvider clock, ILogger<SiloSearch> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        LogNoSilo(exception.Message);
        await Task.Delay(_pause, clock, cancellationToken);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No silo can be reached yet; looking again: {Reason}")]
    private partial void LogNoSilo(string reason);
}
