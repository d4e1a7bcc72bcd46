using MeshOrleans.Silo.Storage;

namespace MeshOrleans.Grains.Tests.Storage;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_directory_is_made_for_its_owner_only()
    {
        if (OperatingSystem.IsWindows()) return; // no such modes
        using var database = SqliteDatabase.Open(_folder.Path);
        await WriteAsync(database, "a");

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Path));
        foreach (var file in Directory.GetFiles(_folder.Path)) Assert.Equal(Owner, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Opening_again_changes_nothing()
    {
        using (var database = SqliteDatabase.Open(_folder.Path)) await WriteAsync(database, "kept");

        using (SqliteDatabase.Open(_folder.Path))
        {
        }

        using var again = SqliteDatabase.Open(_folder.Path);
        Assert.Equal(["kept"], await ReadAsync(again));
        Assert.Equal([2], await again.ReadAsync(
            s => s.Query("SELECT version FROM schema_version", r => r.GetInt32(0)), CancellationToken.None));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_and_left_alone()
    {
        using (var database = SqliteDatabase.Open(_folder.Path))
        {
            await database.WriteAsync(
                s => s.Execute("UPDATE schema_version SET version = 99"), CancellationToken.None);
        }

        var exception = Assert.Throws<StorageException>(() => SqliteDatabase.Open(_folder.Path));

        Assert.Contains("schema 99", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_fails_leaves_those_beside_it_alone()
    {
        using var database = SqliteDatabase.Open(_folder.Path);

        var writes = Enumerable.Range(0, 20)
            .Select(i => database.WriteAsync(
                session =>
                {
                    Insert(session, $"row {i:00}");
                    return i % 5 == 3 ? throw new InvalidOperationException("not this one") : i;
                },
                CancellationToken.None))
            .ToArray();
        await Task.WhenAll(writes).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal([3, 8, 13, 18], writes.Index().Where(w => w.Item.IsFaulted).Select(w => w.Index));
        Assert.Equal(16, (await ReadAsync(database)).Count);
    }

    [Fact]
    public async Task A_full_disk_fails_the_write_and_says_so_and_reading_goes_on()
    {
        using var database = SqliteDatabase.Open(_folder.Path);
        await WriteAsync(database, "kept");
        await database.ReadAsync(s => s.Query("PRAGMA max_page_count = 1", r => r.GetInt64(0)), CancellationToken.None);

        var exception = await Assert.ThrowsAsync<StorageException>(
            () => WriteAsync(database, new string('x', 1_000_000)));

        Assert.Contains("disk is full", exception.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Database, exception.Message, StringComparison.Ordinal);
        Assert.Equal(["kept"], await ReadAsync(database));
        await database.ReadAsync(s => s.Query("PRAGMA max_page_count = 1000000", r => r.GetInt64(0)), CancellationToken.None);
        await WriteAsync(database, "space again");
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_named()
    {
        File.WriteAllText(_folder.Path, "a file where the directory should be");

        var exception = Assert.Throws<StorageException>(() => SqliteDatabase.Open(Path.Combine(_folder.Path, "below")));

        Assert.Contains(_folder.Path, exception.Message, StringComparison.Ordinal);
        Assert.Contains("choose another data directory", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        if (!Directory.Exists("/proc")) return; // not writable even for root

        var exception = Assert.Throws<StorageException>(() => SqliteDatabase.Open("/proc/mesh-data"));

        Assert.Contains("/proc/mesh-data/mesh.db is not writable", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_in_use_is_refused()
    {
        using var first = SqliteDatabase.Open(_folder.Path);

        var exception = Assert.Throws<StorageException>(() => SqliteDatabase.Open(_folder.Path));

        Assert.Contains("in use by another control plane", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public async Task A_damaged_database_is_refused_and_left_as_it_is(int from)
    {
        using (var database = SqliteDatabase.Open(_folder.Path))
        {
            for (var i = 0; i < 50; i++) await WriteAsync(database, $"{i} {new string('x', 1000)}");
        }

        var bytes = await File.ReadAllBytesAsync(_folder.Database);
        Array.Fill(bytes, (byte)0xA5, from, bytes.Length - from);
        await File.WriteAllBytesAsync(_folder.Database, bytes);

        var exception = Assert.Throws<StorageException>(() => SqliteDatabase.Open(_folder.Path));

        Assert.Contains("is damaged", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.Database));
    }

    [Fact]
    public async Task What_was_asked_for_before_closing_is_done()
    {
        var database = SqliteDatabase.Open(_folder.Path);
        var writes = Enumerable.Range(0, 100).Select(i => WriteAsync(database, $"{i}")).ToArray();

        database.Dispose();

        await Task.WhenAll(writes);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => WriteAsync(database, "late"));
        using var again = SqliteDatabase.Open(_folder.Path);
        Assert.Equal(100, (await ReadAsync(again)).Count);
    }

    private static Task<int> WriteAsync(SqliteDatabase database, string key) =>
        database.WriteAsync(session => Insert(session, key), CancellationToken.None);

    private static int Insert(SqliteSession session, string key) =>
        session.Execute("INSERT INTO document(key, revision, json) VALUES(@key, 1, NULL)", ("@key", key));

    private static Task<List<string>> ReadAsync(SqliteDatabase database) => database.ReadAsync(
        session => session.Query("SELECT key FROM document ORDER BY key", r => r.GetString(0)), CancellationToken.None);
}
