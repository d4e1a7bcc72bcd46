using MeshOrleans.Grains.Stores;
using MeshOrleans.Silo.Storage.Postgres;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// Has a silo declared dead that alone has lost the database. It answers every probe, but no grain on it can save
/// anything: with the grains that all need, such as the configuration's, the whole cluster would be without writes.
/// </summary>
internal sealed partial class SilentSiloWatch(
    PostgresDatabase database,
    ClusterRow row,
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    TimeProvider clock,
    ILogger<SilentSiloWatch> logger) : BackgroundService
{
    /// <summary>How often a silo writes its heartbeat and reads those of the others.</summary>
    public static readonly TimeSpan HeartbeatTime = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var heartbeats = new Heartbeats(_limit, gap: 3 * HeartbeatTime, clock);
        while (true)
        {
            await Task.Delay(HeartbeatTime, clock, stoppingToken);
            try
            {
                await DeclareAsync(heartbeats.Read(await ReadAsync(stoppingToken)));
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (exception is not StoreUnavailableException) LogFailed(exception);
            }
        }
    }

    private async Task<Dictionary<string, DateTime>> ReadAsync(CancellationToken cancellationToken)
    {
        // The own heartbeat as well: Orleans writes it by the wall clock, and not at all for a while when that is set back.
        var rows = await database.ReadAsync(
            (connection, token) => connection.Command(
                "WITH beat AS (UPDATE orleansmembershiptable SET iamalivetime = clock_timestamp()"
                + $" WHERE {ClusterRow.IsOwn})"
                + " SELECT address || ':' || port || '@' || generation, iamalivetime FROM orleansmembershiptable"
                + " WHERE deploymentid = $1 AND status = 3", // active
                row.Key).QueryAsync(r => (r.GetString(0), r.GetDateTime(1)), token),
            cancellationToken);
        return rows.ToDictionary(r => r.Item1, r => r.Item2, StringComparer.Ordinal);
    }

    private async Task DeclareAsync(IReadOnlyList<string> silent)
    {
        foreach (var text in silent)
        {
            var silo = SiloAddress.FromParsableString(text);
            if (silo.Equals(self.SiloAddress)) continue;
            LogSilent(text, _limit);
            await membership.TryKill(silo);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Silo {Silo} has not been seen at the database for {Time}, while this one reads it: it is declared dead, so "
            + "that its grains can save again elsewhere. See to its connection to the database, or end it.")]
    private partial void LogSilent(string silo, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The heartbeats of the silos could not be looked at.")]
    private partial void LogFailed(Exception exception);
}
