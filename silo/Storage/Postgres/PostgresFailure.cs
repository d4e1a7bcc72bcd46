using MeshOrleans.Grains.Stores;
using Npgsql;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>
/// What an exception of the database's client means. None of them leaves the store as it is: they cannot travel to the silo
/// that asked.
/// </summary>
internal static class PostgresFailure
{
    /// <summary>Whether the connection, or the database, is gone: the same on another connection may pass.</summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        PostgresException { IsTransient: true } => true,
        PostgresException => false,
        NpgsqlException or TimeoutException or IOException or ObjectDisposedException => true,
        _ => false,
    };

    /// <summary>Whether the server does not know a statement that its client takes for prepared: nothing was done.</summary>
    public static bool IsOutOfStep(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.InvalidSqlStatementName;

    /// <summary>What the caller is told when the database answered with an error; by then its transaction is undone.</summary>
    /// <returns>
    /// <see cref="StoreUnavailableException"/> where the database is in the way: a password or a right that was taken, one
    /// that takes no writes, a limit. <see cref="InvalidOperationException"/> where the statement or its values are.
    /// </returns>
    public static Exception Of(PostgresException exception)
    {
        var reason = $"{exception.MessageText} ({exception.SqlState})";
        return IsOfStatement(exception.SqlState)
            ? new InvalidOperationException($"The database cannot take this: {reason}.")
            : new StoreUnavailableException($"The database refuses: {reason}; nothing was written.");
    }

    // Classes of SQLSTATE: 0A not supported, 21 and 22 values, 23 constraints, 42 statements (but not their rights).
    private static bool IsOfStatement(string state) =>
        state is not PostgresErrorCodes.InsufficientPrivilege && state[..2] is "0A" or "21" or "22" or "23" or "42";
}
