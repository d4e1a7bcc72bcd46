using System.Collections.Immutable;
using MeshOrleans.Grains.Config;
using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Storage;

/// <summary>Accepted configuration and its history in the control plane's database.</summary>
internal sealed class SqliteRevisionStore(SqliteDatabase database) : IRevisionStore
{
    private const string Newest = "SELECT ifnull(max(number), 0) FROM revision";

    public Task<StoredConfig> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => new StoredConfig(
            session.Query(Newest, r => r.GetInt64(0))[0],
            [
                .. session.Query(
                    "SELECT key, revision, json FROM document",
                    r => new StoredDocument(r.GetString(0), r.GetInt64(1), Text(r, 2))),
            ]),
        cancellationToken);

    public Task<long> ReadNewestAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.Query(Newest, r => r.GetInt64(0))[0], cancellationToken);

    public Task<bool> TryAppendAsync(RevisionRecord revision, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            if (session.Query(Newest, r => r.GetInt64(0))[0] != revision.Number - 1) return false;
            session.Execute(
                "INSERT INTO revision(number, time, author, reason) VALUES(@number, @time, @author, @reason)",
                ("@number", revision.Number),
                ("@time", StoredTime.Write(revision.Time)),
                ("@author", revision.Author),
                ("@reason", revision.Reason));
            foreach (var (ordinal, change) in revision.Changes.Index()) Put(session, revision.Number, ordinal, change);
            return true;
        },
        cancellationToken);

    public Task<ImmutableArray<RevisionRecord>> ListAsync(long before, int count, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                "SELECT number, time, author, reason FROM revision WHERE @before = 0 OR number < @before"
                + " ORDER BY number DESC LIMIT @count",
                r => Record(r, []),
                ("@before", before),
                ("@count", count)).ToImmutableArray(),
            cancellationToken);

    public Task<RevisionRecord?> FindAsync(long number, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var changes = session.Query(
                "SELECT key, kind, before, after FROM revision_change WHERE number = @number ORDER BY ordinal",
                r => new ConfigChange(r.GetString(0), Enum.Parse<ConfigChangeKind>(r.GetString(1)), Text(r, 2), Text(r, 3)),
                ("@number", number));
            return session.Query(
                "SELECT number, time, author, reason FROM revision WHERE number = @number",
                r => Record(r, [.. changes]),
                ("@number", number)).FirstOrDefault();
        },
        cancellationToken);

    private static void Put(SqliteSession session, long number, int ordinal, ConfigChange change)
    {
        session.Execute(
            "INSERT INTO revision_change(number, ordinal, key, kind, before, after)"
            + " VALUES(@number, @ordinal, @key, @kind, @before, @after)",
            ("@number", number),
            ("@ordinal", ordinal),
            ("@key", change.Key),
            ("@kind", change.Kind.ToString()),
            ("@before", change.Before),
            ("@after", change.After));
        session.Execute(
            "INSERT INTO document(key, revision, json) VALUES(@key, @number, @after)"
            + " ON CONFLICT(key) DO UPDATE SET revision = @number, json = @after",
            ("@key", change.Key),
            ("@number", number),
            ("@after", change.After));
    }

    private static RevisionRecord Record(SqliteDataReader reader, ImmutableArray<ConfigChange> changes) => new(
        reader.GetInt64(0), StoredTime.Read(reader.GetString(1)), reader.GetString(2), reader.GetString(3), changes);

    private static string? Text(SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);
}
