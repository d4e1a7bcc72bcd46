using Npgsql;

namespace MeshOrleans.Silo.Hosting.Clock;

/// <summary>Asks the database for the time, before anything else starts and then every few seconds.</summary>
internal sealed partial class ClockFollower(
    ClusterClock clock, string connectionString, ILogger<ClockFollower> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _tolerated = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _reminder = TimeSpan.FromMinutes(1);

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 1, ApplicationName = "mesh clock" });

    private long? _alarmedAt;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await CompareAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _source.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(_period, clock, stoppingToken);
            try
            {
                // whoever asks the database whether this silo still belongs is told the time on the way
                if (clock.SinceTold >= _period) await CompareAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnknown(exception.Message); // the monotonic clock carries on
            }

            Alarm();
        }
    }

    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var asked = clock.GetTimestamp();
        var time = (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
        clock.Tell(time, asked);
    }

    private void Alarm()
    {
        var error = clock.WallClockError;
        if (error.Duration() < _tolerated)
        {
            if (_alarmedAt is not null) LogRight();
            _alarmedAt = null;
        }
        else if (_alarmedAt is not { } at || clock.GetElapsedTime(at) > _reminder)
        {
            _alarmedAt = clock.GetTimestamp();
            LogWrong(error.TotalSeconds);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The clock of this machine is {Seconds:F0} s ahead of the database's (negative: behind). The mesh goes "
            + "by the database; set this machine's clock.")]
    private partial void LogWrong(double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "The clock of this machine is right again.")]
    private partial void LogRight();

    [LoggerMessage(Level = LogLevel.Debug, Message = "The database was not asked for the time: {Reason}")]
    private partial void LogUnknown(string reason);
}
