using Npgsql;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>One write: what is sent, how its answer is read, and how it is found again when the answer was lost.</summary>
/// <typeparam name="T">What it answers.</typeparam>
/// <param name="Fill">Adds the statements; they store the given id with what they write.</param>
/// <param name="ReadAsync">Reads the answer; the reader stands at the result of the first statement.</param>
/// <param name="FindAsync">Looks for what was written under the id; the transaction has ended by then.</param>
internal sealed record PostgresWrite<T>(
    Action<NpgsqlBatch, Guid> Fill,
    Func<NpgsqlDataReader, Task<T>> ReadAsync,
    Func<NpgsqlConnection, Guid, Task<(bool IsWritten, T? Answer)>> FindAsync);

/// <summary>Short forms for parameters and commands.</summary>
internal static class PostgresCommands
{
    /// <summary>Adds a statement with its values, typed, for $1, $2 and so on.</summary>
    public static void Add(this NpgsqlBatch batch, string sql, params NpgsqlParameter[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(values);
        batch.BatchCommands.Add(command);
    }

    /// <summary>A command with its values for $1, $2 and so on.</summary>
    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params NpgsqlParameter[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(values);
        return command;
    }

    /// <summary>Runs a statement that answers nothing.</summary>
    public static async Task ExecuteAsync(this NpgsqlConnection connection, string sql, params NpgsqlParameter[] values)
    {
        await using var command = connection.Command(sql, values);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>A value with its type.</summary>
    public static NpgsqlParameter Value<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    /// <summary>Reads every row of one query.</summary>
    public static async Task<List<T>> QueryAsync<T>(
        this NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using (command)
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken)) rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Whether a query finds anything under the id of a write.</summary>
    public static async Task<bool> FindsAsync(this NpgsqlConnection connection, string sql, Guid id) =>
        (await connection.Command(sql, Value(id)).QueryAsync(r => r.GetInt32(0), CancellationToken.None)).Count > 0;

    /// <summary>A text column that may be null.</summary>
    public static string? Text(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);
}
