#if !MESH_ENGINE_ORLEANS
using System.Globalization;
using MeshOrleans.Grains.Embedded;

namespace MeshOrleans.Silo.Storage;

/// <summary>Grains' states in the control plane's database.</summary>
internal sealed class SqliteGrainStateStore(SqliteDatabase database) : IGrainStateStore
{
    private const string Where =
        " WHERE storage = @storage AND grain_type = @type AND state_name = @name AND grain_key = @key";

    private long _version = -1; // of the newest write; touched by the database's one thread only

    public Task<StoredGrainState?> ReadAsync(GrainStateKey key, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                "SELECT json, version FROM grain_state" + Where,
                r => new StoredGrainState(r.GetString(0), StateConflict.NewETag(r.GetInt64(1))),
                Names(key)).FirstOrDefault(),
            cancellationToken);

    public Task<string> WriteAsync(
        GrainStateKey key,
        string json,
        DateTimeOffset? removableFrom,
        string? expectedETag,
        CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                Check(session, key, expectedETag);
                var version = NextVersion(session);
                session.Execute(
                    "INSERT OR REPLACE INTO grain_state(storage, grain_type, state_name, grain_key, version, json, removable_from)"
                    + " VALUES(@storage, @type, @name, @key, @version, @json, @removable)",
                    [.. Names(key), ("@version", version), ("@json", json), ("@removable", removableFrom?.ToUnixTimeSeconds())]);
                return StateConflict.NewETag(version);
            },
            cancellationToken);

    public Task ClearAsync(GrainStateKey key, string? expectedETag, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                Check(session, key, expectedETag);
                return session.Execute("DELETE FROM grain_state" + Where, Names(key));
            },
            cancellationToken);

    private static (string Name, object? Value)[] Names(GrainStateKey key) =>
    [
        ("@storage", key.Storage), ("@type", key.GrainType), ("@name", key.StateName), ("@key", key.GrainKey),
    ];

    private static void Check(SqliteSession session, GrainStateKey key, string? expectedETag)
    {
        var stored = session.Query(
            "SELECT version FROM grain_state" + Where,
            r => r.GetInt64(0).ToString(CultureInfo.InvariantCulture),
            Names(key)).FirstOrDefault();
        StateConflict.Check(key, stored, expectedETag);
    }

    // No version is given twice while anybody could still hold it: activations do not outlive the process.
    private long NextVersion(SqliteSession session)
    {
        if (_version < 0)
            _version = session.Query("SELECT ifnull(max(version), 0) FROM grain_state", r => r.GetInt64(0))[0];
        return ++_version;
    }
}
#endif
