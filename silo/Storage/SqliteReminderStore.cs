#if !MESH_ENGINE_ORLEANS
using System.Collections.Immutable;
using MeshOrleans.Grains.Embedded;
using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Storage;

/// <summary>Reminders in the control plane's database.</summary>
internal sealed class SqliteReminderStore(SqliteDatabase database) : IReminderStore
{
    public Task<ImmutableArray<StoredReminder>> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            "SELECT grain_type, grain_key, name, start_at, period_ticks FROM reminder", Read).ToImmutableArray(),
        cancellationToken);

    public Task SaveAsync(StoredReminder reminder, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Execute(
            "INSERT OR REPLACE INTO reminder(grain_type, grain_key, name, start_at, period_ticks)"
            + " VALUES(@type, @key, @name, @start, @period)",
            [.. Names(reminder.Key), ("@start", StoredTime.Write(reminder.StartAt)), ("@period", reminder.Period.Ticks)]),
        cancellationToken);

    public Task RemoveAsync(ReminderKey key, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Execute(
            "DELETE FROM reminder WHERE grain_type = @type AND grain_key = @key AND name = @name", Names(key)),
        cancellationToken);

    private static (string Name, object? Value)[] Names(ReminderKey key) =>
        [("@type", key.GrainType), ("@key", key.GrainKey), ("@name", key.Name)];

    private static StoredReminder Read(SqliteDataReader reader) => new(
        new ReminderKey(reader.GetString(0), reader.GetString(1), reader.GetString(2)),
        StoredTime.Read(reader.GetString(3)),
        TimeSpan.FromTicks(reader.GetInt64(4)));
}
#endif
