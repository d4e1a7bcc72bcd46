using System.Threading.Channels;
using MeshOrleans.Grains.Stores;
using Npgsql;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>Which state of which grain.</summary>
internal readonly record struct StateKey(string GrainType, string GrainKey, string StateName);

/// <summary>
/// Writes the states of a silo's grains. Those that wait together are written together: one transaction and one sync of
/// the database's disk for all of them, each still with a verdict of its own.
/// </summary>
internal sealed class PostgresStateWriter : IAsyncDisposable
{
    private const int MaxBatch = 256;

    // A put without an expected version makes a row, with one it changes that row; a removal has no payload.
    private const string Apply =
        """
        WITH asked AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
                AS a(ordinal, grain_type, grain_key, state_name, expected, payload, removable_from)),
        made AS (
            INSERT INTO mesh_grain_state(grain_type, grain_key, state_name, version, write_id, payload, removable_from)
            SELECT grain_type, grain_key, state_name, nextval('mesh_grain_state_version'), $8, payload, removable_from
            FROM asked WHERE expected IS NULL ORDER BY grain_type, grain_key, state_name
            ON CONFLICT DO NOTHING RETURNING grain_type, grain_key, state_name, version),
        changed AS (
            UPDATE mesh_grain_state s
            SET version = nextval('mesh_grain_state_version'), write_id = $8, payload = a.payload,
                removable_from = a.removable_from
            FROM asked a
            WHERE s.grain_type = a.grain_type AND s.grain_key = a.grain_key AND s.state_name = a.state_name
                AND s.version = a.expected AND a.payload IS NOT NULL
            RETURNING s.grain_type, s.grain_key, s.state_name, s.version),
        removed AS (
            DELETE FROM mesh_grain_state s USING asked a
            WHERE s.grain_type = a.grain_type AND s.grain_key = a.grain_key AND s.state_name = a.state_name
                AND s.version = a.expected AND a.payload IS NULL
            RETURNING s.grain_type, s.grain_key, s.state_name, s.version)
        SELECT a.ordinal, w.version FROM asked a JOIN (
            SELECT * FROM made UNION ALL SELECT * FROM changed UNION ALL SELECT * FROM removed) w
            ON w.grain_type = a.grain_type AND w.grain_key = a.grain_key AND w.state_name = a.state_name
        """;

    // What was removed cannot be found by the id of the write; that the row is gone says as much, of one removal alone.
    private const string Find =
        """
        SELECT a.ordinal, coalesce(s.version, a.expected)
        FROM unnest($1, $2, $3, $4, $5, $6, $7)
            AS a(ordinal, grain_type, grain_key, state_name, expected, payload, removable_from)
        LEFT JOIN mesh_grain_state s ON s.grain_type = a.grain_type AND s.grain_key = a.grain_key
            AND s.state_name = a.state_name
        WHERE s.write_id = $8 OR (s.grain_type IS NULL AND a.payload IS NULL)
        """;

    private readonly PostgresDatabase _database;
    private readonly Channel<Operation> _queue =
        Channel.CreateUnbounded<Operation>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Task _loop;

    public PostgresStateWriter(PostgresDatabase database)
    {
        _database = database;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Writes a state, or removes it.</summary>
    /// <param name="key">Which.</param>
    /// <param name="expected">The version it must have; null when it must not exist.</param>
    /// <param name="payload">Its content; null removes it.</param>
    /// <param name="removableFrom">From when on nobody needs it any more; null keeps it.</param>
    /// <returns>Its new version; null when it has another version than expected.</returns>
    /// <exception cref="StoreUnavailableException">The database did not take it.</exception>
    public Task<long?> WriteAsync(
        StateKey key, long? expected, byte[]? payload, DateTimeOffset? removableFrom = null)
    {
        var operation = new Operation(key, expected, payload, removableFrom);
        return _queue.Writer.TryWrite(operation)
            ? operation.Result.Task
            : throw new ObjectDisposedException(nameof(PostgresStateWriter));
    }

    /// <summary>Finishes what was asked for.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        var batch = new List<Operation>();
        var keys = new HashSet<StateKey>();
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_queue.Reader.TryPeek(out var next) && MayJoin(batch, next) && keys.Add(next.Key))
            {
                _queue.Reader.TryRead(out _);
                batch.Add(next);
            }

            await WriteBatchAsync(batch);
            batch.Clear();
            keys.Clear();
        }
    }

    // A second write of the same state waits for the first: one statement changes a row once. A removal goes by itself, for
    // it leaves no id of a write to be found by.
    private static bool MayJoin(List<Operation> batch, Operation next) =>
        batch.Count == 0 || (batch.Count < MaxBatch && batch[0].Payload is not null && next.Payload is not null);

    private async Task WriteBatchAsync(List<Operation> batch)
    {
        try
        {
            var versions = await _database.WriteAsync(new PostgresWrite<Dictionary<int, long>>(
                (commands, id) => commands.Add(Apply, Parameters(batch, id)),
                ReadAsync,
                (connection, id) => FindAsync(connection, batch, id)));
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Result.SetResult(versions.TryGetValue(i, out var version) ? version : null);
            }
        }
        catch (Exception exception) when (batch.Count > 1 && exception is not StoreUnavailableException)
        {
            // one that the database cannot take must not spoil the others
            foreach (var one in batch.ToArray()) await WriteBatchAsync([one]);
        }
        catch (Exception exception)
        {
            foreach (var one in batch) one.Result.SetException(exception);
        }
    }

    private static NpgsqlParameter[] Parameters(List<Operation> batch, Guid id) =>
    [
        Value(Enumerable.Range(0, batch.Count).ToArray()),
        Value(batch.Select(o => o.Key.GrainType).ToArray()),
        Value(batch.Select(o => o.Key.GrainKey).ToArray()),
        Value(batch.Select(o => o.Key.StateName).ToArray()),
        Value(batch.Select(o => o.Expected).ToArray()),
        Value(batch.Select(o => o.Payload).ToArray()),
        Value(batch.Select(o => o.RemovableFrom?.UtcDateTime).ToArray()),
        Value(id),
    ];

    private static async Task<Dictionary<int, long>> ReadAsync(NpgsqlDataReader reader)
    {
        var versions = new Dictionary<int, long>();
        while (await reader.ReadAsync(CancellationToken.None)) versions[reader.GetInt32(0)] = reader.GetInt64(1);
        return versions;
    }

    // Of a batch all was written or nothing, so one trace is enough.
    private static async Task<(bool IsWritten, Dictionary<int, long>? Answer)> FindAsync(
        NpgsqlConnection connection, List<Operation> batch, Guid id)
    {
        await using var command = connection.Command(Find, Parameters(batch, id));
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        var versions = await ReadAsync(reader);
        return (versions.Count > 0, versions);
    }

    private sealed record Operation(StateKey Key, long? Expected, byte[]? Payload, DateTimeOffset? RemovableFrom)
    {
        public TaskCompletionSource<long?> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
