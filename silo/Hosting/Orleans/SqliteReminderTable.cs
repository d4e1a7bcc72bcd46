using MeshOrleans.Silo.Storage;
using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// Reminders in the control plane's database, for one silo: they fire again after a restart. One process writes them, so
/// the row itself is its ETag.
/// </summary>
internal sealed class SqliteReminderTable(SqliteDatabase database) : IReminderTable
{
    private const string Select = "SELECT grain_type, grain_key, name, start_at, period_ticks FROM reminder";

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<ReminderTableData> ReadRows(GrainId grainId) =>
        new((await AllAsync()).Where(entry => entry.GrainId == grainId));

    public async Task<ReminderTableData> ReadRows(uint begin, uint end) =>
        new((await AllAsync()).Where(entry => IsWithin(entry.GrainId.GetUniformHashCode(), begin, end)));

    public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        (await AllAsync()).FirstOrDefault(entry => entry.GrainId == grainId && entry.ReminderName == reminderName);

    public async Task<string?> UpsertRow(ReminderEntry entry)
    {
        var start = StoredTime.Write(new DateTimeOffset(DateTime.SpecifyKind(entry.StartAt, DateTimeKind.Utc)));
        await database.WriteAsync(
            session => session.Execute(
                "INSERT OR REPLACE INTO reminder(grain_type, grain_key, name, start_at, period_ticks)"
                + " VALUES(@type, @key, @name, @start, @period)",
                [.. Names(entry.GrainId, entry.ReminderName), ("@start", start), ("@period", entry.Period.Ticks)]),
            CancellationToken.None);
        return Tag(start, entry.Period.Ticks);
    }

    public async Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
        await database.WriteAsync(
            session => session.Execute(
                "DELETE FROM reminder WHERE grain_type = @type AND grain_key = @key AND name = @name"
                + " AND start_at || '|' || period_ticks = @tag",
                [.. Names(grainId, reminderName), ("@tag", eTag)]),
            CancellationToken.None) > 0;

    public Task TestOnlyClearTable() =>
        database.WriteAsync(session => session.Execute("DELETE FROM reminder"), CancellationToken.None);

    // (begin, end], around the ring when begin is not below end.
    private static bool IsWithin(uint hash, uint begin, uint end) =>
        begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;

    private static string Tag(string start, long ticks) => $"{start}|{ticks}";

    private static (string Name, object? Value)[] Names(GrainId id, string name) =>
        [("@type", id.Type.ToString()), ("@key", id.Key.ToString()), ("@name", name)];

    private static ReminderEntry Read(SqliteDataReader reader) => new()
    {
        GrainId = GrainId.Create(reader.GetString(0), reader.GetString(1)),
        ReminderName = reader.GetString(2),
        StartAt = StoredTime.Read(reader.GetString(3)).UtcDateTime,
        Period = TimeSpan.FromTicks(reader.GetInt64(4)),
        ETag = Tag(reader.GetString(3), reader.GetInt64(4)),
    };

    private Task<List<ReminderEntry>> AllAsync() =>
        database.ReadAsync(session => session.Query(Select, Read), CancellationToken.None);
}
