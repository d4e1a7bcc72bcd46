using MeshOrleans.Silo.Hosting.Clock;
using MeshOrleans.Silo.Storage;
using MeshOrleans.Silo.Storage.Postgres;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// This silo's row of the membership table, read by a query of its own: Orleans joins a reading that is under way, which
/// may be older than a pause. And over a connection of its own: those of the stores may all be taken.
/// </summary>
internal sealed class ClusterRow(
    IOptions<SiloOptions> settings, IOptions<ClusterOptions> cluster, ILocalSiloDetails self, ClusterClock clock)
    : IAsyncDisposable
{
    /// <summary>What is true of this silo's row alone, with <see cref="Key"/> as the first parameters.</summary>
    public const string IsOwn = "deploymentid = $1 AND address = $2 AND port = $3 AND generation = $4";

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(StoreRegistration.Connection(settings.Value))
        {
            MaxPoolSize = 1,
            ApplicationName = "mesh membership",
        });

    /// <summary>The key of the row: the cluster's name and three parts of the silo's address.</summary>
    public NpgsqlParameter[] Key =>
    [
        Value(cluster.Value.ClusterId),
        Value(self.SiloAddress.Endpoint.Address.ToString()),
        Value(self.SiloAddress.Endpoint.Port),
        Value(self.SiloAddress.Generation),
    ];

    /// <summary>Its status; null when there is none. On the way a clock that was paused is set right.</summary>
    public async Task<SiloStatus?> ReadStatusAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        var asked = clock.GetTimestamp();
        var rows = await connection.Command(
            $"SELECT clock_timestamp(), (SELECT status FROM orleansmembershiptable WHERE {IsOwn})", Key)
            .QueryAsync(
                r => (Time: r.GetDateTime(0), Status: r.IsDBNull(1) ? default(int?) : r.GetInt32(1)), cancellationToken);
        clock.Tell(rows[0].Time, asked);
        return (SiloStatus?)rows[0].Status;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
