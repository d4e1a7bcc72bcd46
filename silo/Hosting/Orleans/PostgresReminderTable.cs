using MeshOrleans.Silo.Storage.Postgres;
using Npgsql;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>Reminders in the cluster's database; each silo serves the part of the ring that is its own.</summary>
/// <remarks>
/// Not Orleans' relational provider: what goes wrong with the database must leave it as an exception that can travel to the
/// silo which asked.
/// </remarks>
internal sealed class PostgresReminderTable(PostgresDatabase database) : IReminderTable
{
    private const string Columns =
        "SELECT grain_type, grain_key, name, start_at, period_ticks, version FROM mesh_reminder";

    private const string OfOne = " WHERE grain_type = $1 AND grain_key = $2";

    private const string Upsert =
        """
        INSERT INTO mesh_reminder AS held(grain_type, grain_key, name, hash, start_at, period_ticks, version)
        VALUES($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT(grain_type, grain_key, name) DO UPDATE SET hash = excluded.hash, start_at = excluded.start_at,
            period_ticks = excluded.period_ticks, version = excluded.version
        RETURNING version
        """;

    private const string Remove =
        """
        WITH gone AS (
            DELETE FROM mesh_reminder WHERE grain_type = $1 AND grain_key = $2 AND name = $3 AND version = $4 RETURNING 1)
        SELECT count(*) FROM gone
        """;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<ReminderTableData> ReadRows(GrainId grainId) =>
        new(await QueryAsync(Columns + OfOne, Type(grainId), Key(grainId)));

    // (begin, end], around the ring when begin is not below end.
    public async Task<ReminderTableData> ReadRows(uint begin, uint end) => new(await QueryAsync(
        Columns + (begin < end ? " WHERE hash > $1 AND hash <= $2" : " WHERE hash > $1 OR hash <= $2"),
        Value((long)begin),
        Value((long)end)));

    public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        (await QueryAsync(Columns + OfOne + " AND name = $3", Type(grainId), Key(grainId), Value(reminderName)))
            .FirstOrDefault();

    public async Task<string?> UpsertRow(ReminderEntry entry) => await database.WriteAsync(new PostgresWrite<string>(
        (batch, id) => batch.Add(
            Upsert,
            Type(entry.GrainId),
            Key(entry.GrainId),
            Value(entry.ReminderName),
            Value((long)entry.GrainId.GetUniformHashCode()),
            Value(DateTime.SpecifyKind(entry.StartAt, DateTimeKind.Utc)),
            Value(entry.Period.Ticks),
            Value(id)),
        async reader =>
        {
            await reader.ReadAsync(CancellationToken.None);
            return reader.GetGuid(0).ToString();
        },
        async (connection, id) =>
            (await connection.FindsAsync("SELECT 1 FROM mesh_reminder WHERE version = $1", id), id.ToString())));

    // What is gone cannot be found by an id; removed twice is removed.
    public async Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
        await database.WriteAsync(new PostgresWrite<bool>(
            (batch, _) => batch.Add(
                Remove, Type(grainId), Key(grainId), Value(reminderName), Value(Guid.Parse(eTag))),
            async reader => await reader.ReadAsync(CancellationToken.None) && reader.GetInt64(0) > 0,
            async (connection, _) => (await IsGoneAsync(connection, grainId, reminderName), true)));

    public Task TestOnlyClearTable() => database.WriteAsync(new PostgresWrite<bool>(
        (batch, _) => batch.Add("DELETE FROM mesh_reminder"),
        _ => Task.FromResult(true),
        (_, _) => Task.FromResult((false, true))));

    private static NpgsqlParameter Type(GrainId id) => Value(id.Type.ToString() ?? "");

    private static NpgsqlParameter Key(GrainId id) => Value(id.Key.ToString() ?? "");

    private static async Task<bool> IsGoneAsync(NpgsqlConnection connection, GrainId grainId, string name) =>
        (await connection.Command(Columns + OfOne + " AND name = $3", Type(grainId), Key(grainId), Value(name))
            .QueryAsync(Read, CancellationToken.None)) is [];

    private Task<List<ReminderEntry>> QueryAsync(string sql, params NpgsqlParameter[] values) => database.ReadAsync(
        (connection, token) => connection.Command(sql, [.. values.Select(v => v.Clone())]).QueryAsync(Read, token),
        CancellationToken.None);

    private static ReminderEntry Read(NpgsqlDataReader reader) => new()
    {
        GrainId = GrainId.Create(reader.GetString(0), reader.GetString(1)),
        ReminderName = reader.GetString(2),
        StartAt = reader.GetDateTime(3),
        Period = TimeSpan.FromTicks(reader.GetInt64(4)),
        ETag = reader.GetGuid(5).ToString(),
    };
}
