using System.Collections.Immutable;
using MeshOrleans.Grains.Config;
using Npgsql;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>Accepted configuration and its history in the cluster's database.</summary>
internal sealed class PostgresRevisionStore(PostgresDatabase database) : IRevisionStore
{
    // Of two writers of one number the second waits for the first at the primary key, and then makes nothing.
    private const string Append =
        """
        WITH made AS (
            INSERT INTO mesh_revision(number, time, author, reason, write_id)
            SELECT $1, $2, $3, $4, $5 WHERE $1 = 1 + (SELECT coalesce(max(number), 0) FROM mesh_revision)
            ON CONFLICT DO NOTHING RETURNING number),
        changes AS (
            INSERT INTO mesh_revision_change(number, ordinal, key, kind, before, after)
            SELECT made.number, c.ordinal, c.key, c.kind, c.before, c.after
            FROM made, unnest($6, $7, $8, $9, $10) AS c(ordinal, key, kind, before, after) RETURNING 1),
        documents AS (
            INSERT INTO mesh_document(key, revision, json)
            SELECT c.key, made.number, c.after FROM made, unnest($7, $10) AS c(key, after)
            ON CONFLICT(key) DO UPDATE SET revision = excluded.revision, json = excluded.json RETURNING 1)
        SELECT count(*) FROM made
        """;

    private const string Newest = "SELECT coalesce(max(number), 0) FROM mesh_revision";
    private const string Columns = "SELECT number, time, author, reason FROM mesh_revision";

    public Task<StoredConfig> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var transaction =
                await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, token);
            var newest = await connection.Command(Newest)
                .QueryAsync(r => r.GetInt64(0), token);
            var documents = await connection.Command("SELECT key, revision, json FROM mesh_document")
                .QueryAsync(r => new StoredDocument(r.GetString(0), r.GetInt64(1), r.Text(2)), token);
            return new StoredConfig(newest[0], [.. documents]);
        },
        cancellationToken);

    public Task<long> ReadNewestAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) => (await connection.Command(Newest).QueryAsync(r => r.GetInt64(0), token))[0],
        cancellationToken);

    public Task<bool> TryAppendAsync(RevisionRecord revision, CancellationToken cancellationToken) =>
        database.WriteAsync(new PostgresWrite<bool>(
            (batch, id) => Fill(batch, id, revision),
            async reader => await reader.ReadAsync(CancellationToken.None) && reader.GetInt64(0) == 1,
            FindAsync));

    public Task<ImmutableArray<RevisionRecord>> ListAsync(long before, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<ImmutableArray<RevisionRecord>>(
            async (connection, token) =>
            [
                .. await connection.Command(
                    Columns + " WHERE $1 = 0 OR number < $1 ORDER BY number DESC LIMIT $2", Value(before), Value(count))
                    .QueryAsync(r => Record(r, []), token),
            ],
            cancellationToken);

    public Task<RevisionRecord?> FindAsync(long number, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var changes = await connection.Command(
                "SELECT key, kind, before, after FROM mesh_revision_change WHERE number = $1 ORDER BY ordinal",
                Value(number)).QueryAsync(
                    r => new ConfigChange(
                        r.GetString(0), Enum.Parse<ConfigChangeKind>(r.GetString(1)), r.Text(2), r.Text(3)),
                    token);
            var found = await connection.Command(Columns + " WHERE number = $1", Value(number))
                .QueryAsync(r => Record(r, [.. changes]), token);
            return found.FirstOrDefault();
        },
        cancellationToken);

    private static void Fill(NpgsqlBatch batch, Guid id, RevisionRecord revision)
    {
        var changes = revision.Changes;
        batch.Add(
            Append,
            Value(revision.Number),
            Value(revision.Time.UtcDateTime),
            Value(revision.Author),
            Value(revision.Reason),
            Value(id),
            Value(Enumerable.Range(0, changes.Length).ToArray()),
            Value(changes.Select(c => c.Key).ToArray()),
            Value(changes.Select(c => c.Kind.ToString()).ToArray()),
            Value(changes.Select(c => c.Before).ToArray()),
            Value(changes.Select(c => c.After).ToArray()));
    }

    private static async Task<(bool IsWritten, bool Answer)> FindAsync(NpgsqlConnection connection, Guid id)
    {
        var isWritten = await connection.FindsAsync("SELECT 1 FROM mesh_revision WHERE write_id = $1", id);
        return (isWritten, isWritten);
    }

    private static RevisionRecord Record(NpgsqlDataReader reader, ImmutableArray<ConfigChange> changes) => new(
        reader.GetInt64(0),
        new DateTimeOffset(reader.GetDateTime(1)),
        reader.GetString(2),
        reader.GetString(3),
        changes);
}
