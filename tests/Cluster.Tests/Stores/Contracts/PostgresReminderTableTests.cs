using MeshOrleans.Silo.Hosting.Orleans;
using MeshOrleans.Silo.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace MeshOrleans.Cluster.Tests.Stores.Contracts;

/// <summary>What Orleans asks of a table of reminders, on a real database.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresReminderTableTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const uint Half = 0x8000_0000;
    private static readonly DateTime _start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly GrainId _grain = GrainId.Create("type", "key");
    private PostgresDatabase _database = null!;
    private PostgresReminderTable _table = null!;

    public async Task InitializeAsync()
    {
        _database = Open(await postgres.CreateAsync());
        _table = new PostgresReminderTable(_database);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task A_row_is_read_as_it_was_written()
    {
        var etag = await _table.UpsertRow(Entry(_grain, "lease", TimeSpan.FromSeconds(90.5)));

        var row = await _table.ReadRow(_grain, "lease");

        Assert.Equal(
            (_grain, "lease", _start, TimeSpan.FromSeconds(90.5), etag),
            (row!.GrainId, row.ReminderName, row.StartAt.ToUniversalTime(), row.Period, row.ETag));
        Assert.Null(await _table.ReadRow(_grain, "other"));
        Assert.Null(await _table.ReadRow(GrainId.Create("other", "key"), "lease"));
    }

    [Fact]
    public async Task Written_again_it_is_replaced_and_has_another_etag()
    {
        var first = await _table.UpsertRow(Entry(_grain, "lease", TimeSpan.FromMinutes(1)));
        var second = await _table.UpsertRow(Entry(_grain, "lease", TimeSpan.FromMinutes(2)));

        var row = Assert.Single((await _table.ReadRows(_grain)).Reminders);

        Assert.NotEqual(first, second);
        Assert.Equal((second, TimeSpan.FromMinutes(2)), (row.ETag, row.Period));
    }

    [Fact]
    public async Task It_is_removed_with_its_etag_only_and_once()
    {
        var old = await _table.UpsertRow(Entry(_grain, "lease"));
        var etag = await _table.UpsertRow(Entry(_grain, "lease"));
        await _table.UpsertRow(Entry(_grain, "other"));

        Assert.False(await _table.RemoveRow(_grain, "lease", old!));
        Assert.NotNull(await _table.ReadRow(_grain, "lease"));
        Assert.True(await _table.RemoveRow(_grain, "lease", etag!));
        Assert.False(await _table.RemoveRow(_grain, "lease", etag!));

        Assert.Equal(["other"], (await _table.ReadRows(_grain)).Reminders.Select(r => r.ReminderName));
    }

    [Fact]
    public async Task A_grains_rows_are_its_own()
    {
        await _table.UpsertRow(Entry(_grain, "a"));
        await _table.UpsertRow(Entry(_grain, "b"));
        await _table.UpsertRow(Entry(GrainId.Create("type", "key2"), "c"));

        Assert.Equal(["a", "b"], (await _table.ReadRows(_grain)).Reminders.Select(r => r.ReminderName).Order());
        Assert.Empty((await _table.ReadRows(GrainId.Create("type", "nobody"))).Reminders);
    }

    [Fact]
    public async Task Two_halves_of_the_ring_hold_every_row_once()
    {
        var grains = Enumerable.Range(0, 200).Select(i => GrainId.Create("type", $"{i}")).ToArray();
        foreach (var grain in grains) await _table.UpsertRow(Entry(grain, "lease"));

        var first = await ReadAsync(0, Half);
        var second = await ReadAsync(Half, 0); // around the ring

        Assert.Equal(grains.Where(g => g.GetUniformHashCode() is > 0 and <= Half).ToHashSet(), first.ToHashSet());
        Assert.Equal(grains.Where(g => g.GetUniformHashCode() is 0 or > Half).ToHashSet(), second.ToHashSet());
        Assert.Equal(200, first.Count + second.Count);
        Assert.Equal(200, (await ReadAsync(Half, Half)).Count); // begin and end at one place: all of it
    }

    [Fact]
    public async Task A_range_begins_behind_its_begin_and_ends_with_its_end()
    {
        await _table.UpsertRow(Entry(_grain, "lease"));
        var place = _grain.GetUniformHashCode();

        Assert.Empty(await ReadAsync(place, place + 1));
        Assert.Equal([_grain], await ReadAsync(place - 1, place));
        Assert.Empty(await ReadAsync(place, place - 1));
        Assert.Equal([_grain], await ReadAsync(place + 1, place));
    }

    private async Task<List<GrainId>> ReadAsync(uint begin, uint end) =>
        [.. (await _table.ReadRows(begin, end)).Reminders.Select(r => r.GrainId)];

    private static ReminderEntry Entry(GrainId grain, string name, TimeSpan? period = null) => new()
    {
        GrainId = grain,
        ReminderName = name,
        StartAt = _start,
        Period = period ?? TimeSpan.FromMinutes(1),
    };

    private static PostgresDatabase Open(string connection) =>
        new(connection, TimeProvider.System, NullLogger<PostgresDatabase>.Instance);
}
