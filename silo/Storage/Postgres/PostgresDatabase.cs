using MeshOrleans.Grains.Stores;
using Npgsql;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>
/// The cluster's database. A write happens or does not, and the writer learns which: when the connection is lost in the
/// middle of a commit, the end of that very transaction is awaited on another connection and then looked up.
/// </summary>
internal sealed partial class PostgresDatabase(
    string connectionString, TimeProvider clock, ILogger<PostgresDatabase> logger) : IAsyncDisposable
{
    private const int Attempts = 5;
    private const int MaxPrepared = 32; // more than there are statements

    private static readonly TimeSpan _settlePatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _settlePause = TimeSpan.FromMilliseconds(250);

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(Prepared(connectionString));

    /// <summary>Reads; once more on another connection when one was lost.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task<T> ReadAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> body, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var connection = await OpenAsync("The database does not answer.", cancellationToken);
            try
            {
                return await body(connection, cancellationToken);
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                LogLost(exception.Message);
                if (attempt == Attempts) throw new StoreUnavailableException("The database was lost while it was read.");
            }
        }
    }

    /// <summary>Writes: one transaction, carried through once begun.</summary>
    /// <typeparam name="T">What the write answers.</typeparam>
    /// <param name="write">The statements, and how their answer is read.</param>
    /// <exception cref="StoreUnavailableException">Nothing was written; or the message says that it is not known.</exception>
    public async Task<T> WriteAsync<T>(PostgresWrite<T> write)
    {
        for (var attempt = 1; ; attempt++)
        {
            var id = Guid.NewGuid();
            await using var connection =
                await OpenAsync("The database does not answer; nothing was written.", CancellationToken.None);
            try
            {
                return await RunAsync(connection, write, id);
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                var (isWritten, answer) = await SettleAsync(write, id);
                LogSettled(exception.Message, isWritten);
                if (isWritten) return answer!;
                if (attempt == Attempts)
                {
                    throw new StoreUnavailableException("The database was lost; nothing was written.");
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>Whether this is the database being away, and not a statement being wrong.</summary>
    private static bool IsOutage(Exception exception) => exception switch
    {
        PostgresException { IsTransient: true } => true,
        PostgresException => false,
        NpgsqlException or TimeoutException or IOException or ObjectDisposedException => true,
        _ => false,
    };

    private async Task<NpgsqlConnection> OpenAsync(string otherwise, CancellationToken cancellationToken)
    {
        try
        {
            return await _source.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            LogLost(exception.Message);
            throw new StoreUnavailableException(otherwise);
        }
    }

    // All statements go out together and are one transaction by themselves; the lock is its sign of life.
    private static async Task<T> RunAsync<T>(NpgsqlConnection connection, PostgresWrite<T> write, Guid id)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(LockOf(id));
        write.Fill(batch, id);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        await reader.NextResultAsync(CancellationToken.None);
        var answer = await write.ReadAsync(reader);
        while (await reader.NextResultAsync(CancellationToken.None))
        {
            // to the end: only then is it known to be committed
        }

        return answer;
    }

    private async Task<(bool IsWritten, T? Answer)> SettleAsync<T>(PostgresWrite<T> write, Guid id)
    {
        var begin = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(CancellationToken.None);
                await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                await using var batch = new NpgsqlBatch(connection, transaction);
                batch.BatchCommands.Add(LockOf(id)); // held by the lost transaction until it has ended
                await batch.ExecuteNonQueryAsync(CancellationToken.None);
                return await write.FindAsync(connection, id);
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                if (clock.GetElapsedTime(begin) > _settlePatience)
                {
                    throw new StoreUnavailableException(
                        "The database was lost in the middle of a write; whether it was written is known when it is back.")
                    {
                        IsNothingWritten = false,
                    };
                }

                await Task.Delay(_settlePause, clock, CancellationToken.None);
            }
        }
    }

    // The statements are few and the same for ever: each is planned once a connection. Nothing here changes a session, so
    // there is nothing to reset when a connection goes back to the pool.
    private static NpgsqlConnectionStringBuilder Prepared(string connectionString) => new(connectionString)
    {
        MaxAutoPrepare = MaxPrepared,
        AutoPrepareMinUsages = 2,
        NoResetOnClose = true,
    };

    private static NpgsqlBatchCommand LockOf(Guid id) => new("SELECT pg_advisory_xact_lock($1)")
    {
        Parameters = { new NpgsqlParameter<long> { TypedValue = BitConverter.ToInt64(id.ToByteArray()) } },
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not answer: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The database was lost during a write ({Reason}); written: {IsWritten}.")]
    private partial void LogSettled(string reason, bool isWritten);
}
