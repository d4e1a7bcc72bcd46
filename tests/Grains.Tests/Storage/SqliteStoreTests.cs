using System.Collections.Immutable;
using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Silo.Storage;
using Orleans.Storage;

namespace MeshOrleans.Grains.Tests.Storage;

public sealed class SqliteStoreTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private static readonly GrainStateKey s_key = new("mesh", "type", "state", "key \u00e9'\"");

    private readonly DataFolder _folder = new();
    private SqliteDatabase _database;

    public SqliteStoreTests() => _database = SqliteDatabase.Open(_folder.Path);

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_state_is_written_only_by_who_has_seen_it()
    {
        var store = new SqliteGrainStateStore(_database);
        Assert.Null(await store.ReadAsync(s_key, s_none));
        var first = await store.WriteAsync(s_key, "1", removableFrom: null, expectedETag: null, s_none);
        var second = await store.WriteAsync(s_key, "2", removableFrom: null, first, s_none);

        var exception = await Assert.ThrowsAsync<InconsistentStateException>(
            () => store.WriteAsync(s_key, "3", removableFrom: null, first, s_none));
        await Assert.ThrowsAsync<InconsistentStateException>(() => store.ClearAsync(s_key, first, s_none));
        await Assert.ThrowsAsync<InconsistentStateException>(() => store.WriteAsync(s_key, "3", removableFrom: null, expectedETag: null, s_none));

        Assert.Equal((second, first), (exception.StoredEtag, exception.CurrentEtag));
        Assert.Equal(new StoredGrainState("2", second), await store.ReadAsync(s_key, s_none));
    }

    [Fact]
    public async Task A_cleared_state_is_gone_and_its_versions_do_not_come_again()
    {
        var store = new SqliteGrainStateStore(_database);
        var first = await store.WriteAsync(s_key, "1", removableFrom: null, expectedETag: null, s_none);

        await store.ClearAsync(s_key, first, s_none);

        Assert.Null(await store.ReadAsync(s_key, s_none));
        Assert.NotEqual(first, await store.WriteAsync(s_key, "2", removableFrom: null, expectedETag: null, s_none));
    }

    [Fact]
    public async Task A_state_that_nobody_needs_any_more_is_removed_and_no_other()
    {
        var store = new SqliteGrainStateStore(_database);
        var now = DateTimeOffset.UnixEpoch.AddYears(50);
        var etag = await store.WriteAsync(s_key, "1", now, expectedETag: null, s_none);
        await store.WriteAsync(s_key with { GrainKey = "kept" }, "2", removableFrom: null, expectedETag: null, s_none);
        var states = new SqliteRemovableStates(_database);

        Assert.Equal(0, await states.RemoveAsync(now.AddSeconds(-1), s_none));
        etag = await store.WriteAsync(s_key, "3", now.AddMinutes(1), etag, s_none);
        Assert.Equal(0, await states.RemoveAsync(now, s_none));
        Assert.Equal(1, await states.RemoveAsync(now.AddMinutes(1), s_none));

        Assert.Null(await store.ReadAsync(s_key, s_none));
        Assert.NotNull(await store.ReadAsync(s_key with { GrainKey = "kept" }, s_none));
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => store.WriteAsync(s_key, "4", removableFrom: null, etag, s_none));
    }

    [Fact]
    public async Task States_survive_reopening()
    {
        var etag = await new SqliteGrainStateStore(_database).WriteAsync(s_key, "1", removableFrom: null, expectedETag: null, s_none);

        Reopen();

        var store = new SqliteGrainStateStore(_database);
        Assert.Equal(new StoredGrainState("1", etag), await store.ReadAsync(s_key, s_none));
        Assert.NotEqual(etag, await store.WriteAsync(s_key, "2", removableFrom: null, etag, s_none));
    }

    [Fact]
    public async Task Reminders_survive_reopening()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(1)).AddTicks(7);
        var kept = new StoredReminder(new ReminderKey("type", "key", "kept"), start, TimeSpan.FromMinutes(1));
        var store = new SqliteReminderStore(_database);
        await store.SaveAsync(kept with { Period = TimeSpan.FromHours(1) }, s_none);
        await store.SaveAsync(kept, s_none);
        await store.SaveAsync(kept with { Key = kept.Key with { Name = "gone" } }, s_none);
        await store.RemoveAsync(kept.Key with { Name = "gone" }, s_none);

        Reopen();

        Assert.Equal(kept, Assert.Single(await new SqliteReminderStore(_database).LoadAsync(s_none)));
    }

    [Fact]
    public async Task The_epoch_is_kept_for_good()
    {
        await new SqliteSnapshotStore(_database).LoadAsync("first", s_none);

        Reopen();

        var stored = await new SqliteSnapshotStore(_database).LoadAsync("second", s_none);
        Assert.Equal(("first", 0L, 0L), (stored.Epoch, stored.Number, stored.ForgottenUpTo));
    }

    [Fact]
    public async Task Snapshot_rows_are_replaced_by_key_and_old_tombstones_forgotten()
    {
        var store = new SqliteSnapshotStore(_database);
        await store.LoadAsync("epoch", s_none);
        Assert.True(await store.TryAppendAsync(
            new SnapshotAppend(0, 3, 0, [new("a", 1, 1, "A"), new("b", 1, 2, null), new("c", 1, 3, null)]), s_none));
        Assert.True(await store.TryAppendAsync(new SnapshotAppend(3, 4, 2, [new("a", 2, 4, "A2")]), s_none));

        Reopen();

        var stored = await new SqliteSnapshotStore(_database).LoadAsync("epoch", s_none);
        Assert.Equal((4L, 2L), (stored.Number, stored.ForgottenUpTo));
        Assert.Equal(
            [new SnapshotRow("a", 2, 4, "A2"), new SnapshotRow("c", 1, 3, null)], stored.Rows.OrderBy(r => r.Key));
    }

    [Fact]
    public async Task A_second_writer_of_the_snapshot_is_refused_and_changes_nothing()
    {
        var store = new SqliteSnapshotStore(_database);
        await store.LoadAsync("epoch", s_none);
        await store.TryAppendAsync(new SnapshotAppend(0, 1, 0, [new("a", 1, 1, "A")]), s_none);

        Assert.False(await store.TryAppendAsync(new SnapshotAppend(0, 1, 0, [new("b", 1, 1, "B")]), s_none));

        Assert.Equal(["a"], (await store.LoadAsync("epoch", s_none)).Rows.Select(r => r.Key));
    }

    [Fact]
    public async Task Revisions_follow_one_another_and_keep_their_changes()
    {
        var store = new SqliteRevisionStore(_database);
        var first = Revision(
            1,
            new ConfigChange("k/a", ConfigChangeKind.Created, null, "1"),
            new ConfigChange("k/b", ConfigChangeKind.Created, null, "2"));
        var second = Revision(2, new ConfigChange("k/b", ConfigChangeKind.Deleted, "2", null));
        Assert.True(await store.TryAppendAsync(first, s_none));
        Assert.True(await store.TryAppendAsync(second, s_none));
        Assert.False(await store.TryAppendAsync(second, s_none));

        Reopen();

        store = new SqliteRevisionStore(_database);
        var config = await store.LoadAsync(s_none);
        Assert.Equal(2, config.Revision);
        Assert.Equal(
            [new StoredDocument("k/a", 1, "1"), new StoredDocument("k/b", 2, null)], config.Documents.OrderBy(d => d.Key));
        var found = await store.FindAsync(1, s_none);
        Assert.Equal<ConfigChange>(first.Changes, found!.Changes);
        Assert.Equal(first with { Changes = default }, found with { Changes = default });
        Assert.Null(await store.FindAsync(3, s_none));
        Assert.Equal([2L, 1L], (await store.ListAsync(0, 10, s_none)).Select(r => r.Number));
        Assert.Equal([1L], (await store.ListAsync(2, 10, s_none)).Select(r => r.Number));
        Assert.Equal([2L], (await store.ListAsync(0, 1, s_none)).Select(r => r.Number));
    }

    private static RevisionRecord Revision(long number, params ImmutableArray<ConfigChange> changes) => new(
        number, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(2)).AddTicks(number), "me", "because", changes);

    private void Reopen()
    {
        _database.Dispose();
        _database = SqliteDatabase.Open(_folder.Path);
    }
}
