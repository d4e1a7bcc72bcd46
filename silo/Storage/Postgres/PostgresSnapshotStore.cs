using MeshOrleans.Grains.Snapshots;
using Npgsql;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>The mesh snapshot in the cluster's database.</summary>
internal sealed class PostgresSnapshotStore(PostgresDatabase database) : ISnapshotStore
{
    // The rows are written only if the number could be moved on from where the writer left it.
    private const string Append =
        """
        WITH moved AS (
            UPDATE mesh_snapshot
            SET number = $1, forgotten_up_to = greatest(forgotten_up_to, $2), write_id = $3
            WHERE id = 1 AND number = $4 RETURNING 1),
        put AS (
            INSERT INTO mesh_snapshot_row(key, owner_version, number, payload)
            SELECT r.key, r.owner_version, r.number, r.payload
            FROM moved, unnest($5, $6, $7, $8) AS r(key, owner_version, number, payload)
            ON CONFLICT(key) DO UPDATE
            SET owner_version = excluded.owner_version, number = excluded.number, payload = excluded.payload
            RETURNING 1)
        SELECT count(*) FROM moved
        """;

    private const string Forget =
        """
        DELETE FROM mesh_snapshot_row WHERE payload IS NULL AND number <= $1
            AND EXISTS(SELECT 1 FROM mesh_snapshot WHERE write_id = $2)
        """;

    public Task<StoredSnapshot> LoadAsync(string newEpoch, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var transaction =
                await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, token);
            await using (var first = connection.Command(
                "INSERT INTO mesh_snapshot(id, epoch, number, forgotten_up_to) VALUES(1, $1, 0, 0) ON CONFLICT DO NOTHING",
                Value(newEpoch)))
            {
                await first.ExecuteNonQueryAsync(token);
            }

            var rows = await connection.Command("SELECT key, owner_version, number, payload FROM mesh_snapshot_row")
                .QueryAsync(
                    r => new SnapshotRow(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.Text(3)), token);
            var heads = await connection.Command("SELECT epoch, number, forgotten_up_to FROM mesh_snapshot")
                .QueryAsync(
                    r => new StoredSnapshot(r.GetString(0), r.GetInt64(1), r.GetInt64(2), [.. rows]), token);
            await transaction.CommitAsync(token);
            return heads[0];
        },
        cancellationToken);

    public Task<long> ReadNumberAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) => (await connection.Command("SELECT coalesce(max(number), 0) FROM mesh_snapshot")
            .QueryAsync(r => r.GetInt64(0), token))[0],
        cancellationToken);

    public Task<bool> TryAppendAsync(SnapshotAppend append, CancellationToken cancellationToken) =>
        database.WriteAsync(new PostgresWrite<bool>(
            (batch, id) => Fill(batch, id, append),
            async reader => await reader.ReadAsync(CancellationToken.None) && reader.GetInt64(0) == 1,
            FindAsync));

    private static void Fill(NpgsqlBatch batch, Guid id, SnapshotAppend append)
    {
        batch.Add(
            Append,
            Value(append.Number),
            Value(append.ForgetUpTo),
            Value(id),
            Value(append.PreviousNumber),
            Value(append.Rows.Select(r => r.Key).ToArray()),
            Value(append.Rows.Select(r => r.OwnerVersion).ToArray()),
            Value(append.Rows.Select(r => r.Number).ToArray()),
            Value(append.Rows.Select(r => r.Payload).ToArray()));
        if (append.ForgetUpTo > 0) batch.Add(Forget, Value(append.ForgetUpTo), Value(id));
    }

    private static async Task<(bool IsWritten, bool Answer)> FindAsync(NpgsqlConnection connection, Guid id)
    {
        var isWritten = await connection.FindsAsync("SELECT 1 FROM mesh_snapshot WHERE write_id = $1", id);
        return (isWritten, isWritten);
    }
}
