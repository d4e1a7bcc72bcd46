using MeshOrleans.Grains.Stores;
using Npgsql;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;
using static MeshOrleans.Silo.Storage.Postgres.PostgresFailure;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>
/// The cluster's database. A write happens or does not, and the writer learns which: when the connection is lost in the
/// middle of a commit, the end of that very transaction is awaited on another connection and then looked up; one that is
/// not found is given up, and can not happen later either.
/// </summary>
internal sealed partial class PostgresDatabase(
    string connectionString, TimeProvider clock, ILogger<PostgresDatabase> logger) : IAsyncDisposable
{
    private const int Attempts = 5;

    private static readonly TimeSpan _settlePatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _settlePause = TimeSpan.FromMilliseconds(250);

    private readonly PostgresConnections _connections = new(connectionString, clock);

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
            catch (PostgresException exception) when (IsOutOfStep(exception) && attempt < Attempts)
            {
                Renew(connection);
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                LogLost(exception.Message);
                if (attempt == Attempts) throw new StoreUnavailableException("The database was lost while it was read.");
            }
            catch (PostgresException exception)
            {
                throw Refused(exception);
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
            try
            {
                return await RunAsync(write, id);
            }
            catch (PostgresException exception) when (IsOutOfStep(exception) && attempt < Attempts)
            {
                // the database has not even begun with it, and its connection is in step again
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                // by now the lost connection is closed: settling takes one of the same pool
                var (isWritten, answer) = await SettleAsync(write, id);
                LogSettled(exception.Message, isWritten);
                if (isWritten) return answer!;
                if (attempt == Attempts)
                {
                    throw new StoreUnavailableException("The database was lost; nothing was written.");
                }
            }
            catch (PostgresException exception)
            {
                throw Refused(exception);
            }
        }
    }

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    private async Task<NpgsqlConnection> OpenAsync(string otherwise, CancellationToken cancellationToken)
    {
        try
        {
            return await _connections.OpenAsync(cancellationToken);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            LogLost(exception.Message);
            throw new StoreUnavailableException(otherwise);
        }
        catch (PostgresException exception)
        {
            throw Refused(exception);
        }
    }

    // One that was refused may be refused for what its connection is to: after a failover the old primary takes no writes.
    private Exception Refused(PostgresException exception)
    {
        LogRefused(exception.SqlState, exception.MessageText);
        _connections.Clear();
        return Of(exception);
    }

    // All statements go out together and are one transaction by themselves.
    private async Task<T> RunAsync<T>(PostgresWrite<T> write, Guid id)
    {
        await using var connection =
            await OpenAsync("The database does not answer; nothing was written.", CancellationToken.None);
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("SELECT mesh_begin_write($1, $2)", Value(id), Value(SignOfLife(id)));
        write.Fill(batch, id);
        try
        {
            return await ExecuteAsync(batch, write);
        }
        catch (PostgresException exception) when (IsOutOfStep(exception))
        {
            Renew(connection);
            throw;
        }
    }

    private static async Task<T> ExecuteAsync<T>(NpgsqlBatch batch, PostgresWrite<T> write)
    {
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        await reader.NextResultAsync(CancellationToken.None);
        var answer = await write.ReadAsync(reader);
        while (await reader.NextResultAsync(CancellationToken.None))
        {
            // to the end: only then is it known to be committed
        }

        return answer;
    }

    // On starved machines the client has been seen to take a statement for prepared that the server does not know.
    private void Renew(NpgsqlConnection connection)
    {
        LogOutOfStep();
        connection.UnprepareAll(); // there is no asynchronous one; it is one short statement
    }

    private async Task<(bool IsWritten, T? Answer)> SettleAsync<T>(PostgresWrite<T> write, Guid id)
    {
        var begin = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await _connections.OpenAsync(CancellationToken.None);
                await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                // held by the lost transaction until it has ended
                await connection.ExecuteAsync("SELECT pg_advisory_xact_lock($1)", Value(SignOfLife(id)));
                var found = await write.FindAsync(connection, id);
                if (!found.IsWritten) await GiveUpAsync(connection, transaction, id);
                return found;
            }
            catch (Exception exception) when (exception is NpgsqlException || IsOutage(exception))
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

    // From here on the write cannot happen any more. The ids are kept for longer than any packet is on its way.
    private static async Task GiveUpAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id)
    {
        await connection.ExecuteAsync("INSERT INTO mesh_abandoned_write(write_id) VALUES($1)", Value(id));
        await connection.ExecuteAsync("DELETE FROM mesh_abandoned_write WHERE given_up_at < now() - interval '1 day'");
        await transaction.CommitAsync(CancellationToken.None);
    }

    private static long SignOfLife(Guid id) => BitConverter.ToInt64(id.ToByteArray());

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The database did not know a statement that was prepared; it is asked again with all of it.")]
    private partial void LogOutOfStep();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not answer: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The database refuses: {State}: {Reason}")]
    private partial void LogRefused(string state, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The database was lost during a write ({Reason}); written: {IsWritten}.")]
    private partial void LogSettled(string reason, bool isWritten);
}
