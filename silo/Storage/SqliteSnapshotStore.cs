using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Silo.Storage;

/// <summary>The mesh snapshot in the control plane's database.</summary>
internal sealed class SqliteSnapshotStore(SqliteDatabase database) : ISnapshotStore
{
    public Task<StoredSnapshot> LoadAsync(string newEpoch, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            session.Execute(
                "INSERT OR IGNORE INTO snapshot(id, epoch, number, forgotten_up_to) VALUES(1, @epoch, 0, 0)",
                ("@epoch", newEpoch));
            var rows = session.Query(
                "SELECT key, owner_version, number, payload FROM snapshot_row",
                r => new SnapshotRow(
                    r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetString(3)));
            return session.Query(
                "SELECT epoch, number, forgotten_up_to FROM snapshot",
                r => new StoredSnapshot(r.GetString(0), r.GetInt64(1), r.GetInt64(2), [.. rows]))[0];
        },
        cancellationToken);

    public Task<long> ReadNumberAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query("SELECT ifnull(max(number), 0) FROM snapshot", r => r.GetInt64(0))[0], cancellationToken);

    public Task<bool> TryAppendAsync(SnapshotAppend append, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            var moved = session.Execute(
                "UPDATE snapshot SET number = @number, forgotten_up_to = max(forgotten_up_to, @forget)"
                + " WHERE number = @previous",
                ("@number", append.Number),
                ("@forget", append.ForgetUpTo),
                ("@previous", append.PreviousNumber));
            if (moved == 0) return false;
            foreach (var row in append.Rows) Put(session, row);
            session.Execute(
                "DELETE FROM snapshot_row WHERE payload IS NULL AND number <= @forget", ("@forget", append.ForgetUpTo));
            return true;
        },
        cancellationToken);

    private static void Put(SqliteSession session, SnapshotRow row) => session.Execute(
        "INSERT INTO snapshot_row(key, owner_version, number, payload) VALUES(@key, @version, @number, @payload)"
        + " ON CONFLICT(key) DO UPDATE SET owner_version = @version, number = @number, payload = @payload",
        ("@key", row.Key),
        ("@version", row.OwnerVersion),
        ("@number", row.Number),
        ("@payload", row.Payload));
}
