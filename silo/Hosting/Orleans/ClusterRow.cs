using MeshOrleans.Silo.Hosting.Clock;
using MeshOrleans.Silo.Storage.Postgres;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// This silo's row of the membership table, read by a query of its own: Orleans joins a reading that is under way, which
/// may be older than a pause.
/// </summary>
internal sealed class ClusterRow(
    PostgresDatabase database, IOptions<ClusterOptions> cluster, ILocalSiloDetails self, ClusterClock clock)
{
    /// <summary>Its status; null when there is none yet. On the way a clock that was paused is set right.</summary>
    public async Task<SiloStatus?> ReadStatusAsync(CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        var rows = await database.ReadAsync(
            (connection, token) => connection.Command(
                "SELECT clock_timestamp(), (SELECT status FROM orleansmembershiptable"
                + " WHERE deploymentid = $1 AND address = $2 AND port = $3 AND generation = $4)",
                Value(cluster.Value.ClusterId),
                Value(self.SiloAddress.Endpoint.Address.ToString()),
                Value(self.SiloAddress.Endpoint.Port),
                Value(self.SiloAddress.Generation))
                .QueryAsync(r => (Time: r.GetDateTime(0), Status: r.IsDBNull(1) ? default(int?) : r.GetInt32(1)), token),
            cancellationToken);
        var taken = clock.GetElapsedTime(asked);
        if ((rows[0].Time - clock.GetUtcNow()).Duration() > taken) // by more than this reading can be wrong itself
        {
            clock.Set(rows[0].Time, asked + ((clock.GetTimestamp() - asked) / 2));
        }

        return (SiloStatus?)rows[0].Status;
    }
}
