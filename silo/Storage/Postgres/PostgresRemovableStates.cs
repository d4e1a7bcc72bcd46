using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>The states in the cluster's database that nobody needs any more.</summary>
internal sealed class PostgresRemovableStates(PostgresDatabase database) : IRemovableStates
{
    // Every silo does this: one leaves alone what another is at.
    private const string Remove =
        """
        DELETE FROM mesh_grain_state WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM mesh_grain_state WHERE removable_from <= $1 FOR UPDATE SKIP LOCKED))
        """;

    public Task<int> RemoveAsync(DateTimeOffset now, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var command = connection.Command(Remove, Value(now.UtcDateTime));
            return await command.ExecuteNonQueryAsync(token);
        },
        cancellationToken);
}
