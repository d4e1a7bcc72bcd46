using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Storage;

/// <summary>The tables, as steps from one version to the next. A step that has shipped is never changed.</summary>
internal static class SqliteSchema
{
    private static readonly string[] s_steps =
    [
        """
        CREATE TABLE grain_state(
            storage TEXT NOT NULL, grain_type TEXT NOT NULL, state_name TEXT NOT NULL, grain_key TEXT NOT NULL,
            version INTEGER NOT NULL, json TEXT NOT NULL,
            PRIMARY KEY(storage, grain_type, state_name, grain_key));
        CREATE TABLE reminder(
            grain_type TEXT NOT NULL, grain_key TEXT NOT NULL, name TEXT NOT NULL,
            start_at TEXT NOT NULL, period_ticks INTEGER NOT NULL,
            PRIMARY KEY(grain_type, grain_key, name));
        CREATE TABLE snapshot(
            id INTEGER PRIMARY KEY CHECK(id = 1),
            epoch TEXT NOT NULL, number INTEGER NOT NULL, forgotten_up_to INTEGER NOT NULL);
        CREATE TABLE snapshot_row(
            key TEXT NOT NULL PRIMARY KEY, owner_version INTEGER NOT NULL, number INTEGER NOT NULL UNIQUE, payload TEXT);
        CREATE TABLE revision(
            number INTEGER PRIMARY KEY, time TEXT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL);
        CREATE TABLE revision_change(
            number INTEGER NOT NULL REFERENCES revision(number), ordinal INTEGER NOT NULL,
            key TEXT NOT NULL, kind TEXT NOT NULL, before TEXT, after TEXT,
            PRIMARY KEY(number, ordinal)) WITHOUT ROWID;
        CREATE TABLE document(
            key TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, json TEXT);
        """,
        // tokens of before live for seven days at most
        """
        ALTER TABLE grain_state ADD COLUMN removable_from INTEGER;
        CREATE INDEX grain_state_removable ON grain_state(removable_from) WHERE removable_from IS NOT NULL;
        UPDATE grain_state SET removable_from = strftime('%s', 'now') + 8 * 86400 WHERE grain_type = 'jointoken';
        """,
    ];

    /// <summary>Brings a database of any age up to date, all of it or nothing.</summary>
    /// <returns>False when nothing can be written because the disk is full, and nothing needs to be: it can be read.</returns>
    /// <exception cref="StorageException">A newer program wrote it.</exception>
    public static bool Migrate(SqliteSession session, string path)
    {
        session.Execute("BEGIN IMMEDIATE");
        session.Execute("CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL)");
        var version = session.Query("SELECT version FROM schema_version", r => r.GetInt32(0)).FirstOrDefault();
        if (version > s_steps.Length)
        {
            session.Execute("ROLLBACK");
            throw new StorageException(
                $"{path} was written by a newer version (schema {version}, this one knows {s_steps.Length}); "
                + "run that version.");
        }

        foreach (var step in s_steps.Skip(version)) session.Execute(step);
        try
        {
            session.Execute("DELETE FROM schema_version"); // also when nothing changed: proves that it can be written
            session.Execute("INSERT INTO schema_version(version) VALUES(@version)", ("@version", s_steps.Length));
            session.Execute("COMMIT");
            return true;
        }
        catch (SqliteException exception) when (version == s_steps.Length && SqliteErrors.IsFull(exception))
        {
            session.RollBack();
            return false;
        }
    }
}
