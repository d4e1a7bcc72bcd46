using Npgsql;

namespace MeshOrleans.Silo.Schema;

/// <summary>
/// The name of the cluster that a database belongs to. Two clusters on one database would each believe that everything in
/// it is theirs alone.
/// </summary>
public static class ClusterName
{
    private const string Read = "SELECT name FROM mesh_cluster WHERE id = 1";

    /// <summary>The name that a database bears; null before a silo has started on it, and for a role that may not see it.</summary>
    public static async Task<string?> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = new NpgsqlCommand(Read, connection);
            return await command.ExecuteScalarAsync(cancellationToken) as string;
        }
        catch (PostgresException exception) when (exception.SqlState is
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InsufficientPrivilege)
        {
            return null;
        }
    }

    /// <summary>Makes sure that a database belongs to a cluster, and gives it one that belongs to none yet.</summary>
    /// <exception cref="SchemaException">It belongs to another one.</exception>
    public static async Task ClaimAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        var held = await ReadAsync(connection, cancellationToken);
        if (held is null)
        {
            await WriteAsync(connection, name, cancellationToken);
            held = await ReadAsync(connection, cancellationToken); // of two that wrote at once, the first
        }

        Check(held, name);
    }

    /// <summary>Makes sure that a name is the one that a database bears.</summary>
    /// <param name="held">The database's; null where it bears none.</param>
    /// <param name="name">The process's own.</param>
    /// <exception cref="SchemaException">It is another one.</exception>
    public static void Check(string? held, string name)
    {
        if (held is null || held == name) return;
        throw new SchemaException(
            $"the database belongs to cluster '{held}', and this process is of cluster '{name}'; "
            + $"give it --cluster {held}, or its cluster a database of its own");
    }

    private static async Task WriteAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "INSERT INTO mesh_cluster(id, name) VALUES(1, $1) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
