using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Grains.Stores;
using MeshOrleans.Silo.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MeshOrleans.Cluster.Tests.Stores;

/// <summary>A connection that is lost in the middle of a write: the outcome is known, never half, never twice.</summary>
[Collection(PostgresCollection.Name)]
public sealed class LostConnectionTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly CancellationToken _none = CancellationToken.None;

    private CuttingProxy _proxy = null!;
    private PostgresDatabase _database = null!;
    private PostgresDatabase _direct = null!;
    private string _through = "";
    private string _connection = "";

    public async Task InitializeAsync()
    {
        _proxy = CuttingProxy.Start(postgres.Server.Port, "mesh_begin_write"u8.ToArray());
        _through = await postgres.CreateAsync(_proxy.Port);
        _database = Open(_through);
        _connection = _through.Replace($"{_proxy.Port}", $"{postgres.Server.Port}", StringComparison.Ordinal);
        _direct = Open(_connection);
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _direct.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData(nameof(Cut.BeforeServer))]
    [InlineData(nameof(Cut.BeforeAnswer))]
    public async Task A_revision_is_there_once(string cut)
    {
        var store = new PostgresRevisionStore(_database);
        Assert.True(await store.TryAppendAsync(Revision(1), _none));

        _proxy.Arm(Enum.Parse<Cut>(cut));
        Assert.True(await store.TryAppendAsync(Revision(2), _none));

        Assert.Equal(1, _proxy.Cuts);
        Assert.Equal([2, 1], (await new PostgresRevisionStore(_direct).ListAsync(0, 10, _none)).Select(r => r.Number));
        Assert.Equal("two", (await store.LoadAsync(_none)).Documents.Single().Json);
        Assert.False(await store.TryAppendAsync(Revision(2), _none));
    }

    [Theory]
    [InlineData(nameof(Cut.BeforeServer))]
    [InlineData(nameof(Cut.BeforeAnswer))]
    public async Task A_batch_of_the_snapshot_is_there_once(string cut)
    {
        var store = new PostgresSnapshotStore(_database);
        await store.LoadAsync("epoch", _none);

        _proxy.Arm(Enum.Parse<Cut>(cut));
        Assert.True(await store.TryAppendAsync(new SnapshotAppend(0, 1, 0, [new SnapshotRow("k", 1, 1, "v")]), _none));

        var held = await new PostgresSnapshotStore(_direct).LoadAsync("other", _none);
        Assert.Equal(("epoch", 1L, "v"), (held.Epoch, held.Number, held.Rows.Single().Payload));
        Assert.False(await store.TryAppendAsync(new SnapshotAppend(0, 1, 0, [new SnapshotRow("k", 2, 1, "x")]), _none));
    }

    [Theory]
    [InlineData(nameof(Cut.BeforeServer))]
    [InlineData(nameof(Cut.BeforeAnswer))]
    public async Task A_grain_state_is_written_once(string cut)
    {
        await using var writer = new PostgresStateWriter(_database);
        var key = new StateKey("type", "key", "state");
        var first = await writer.WriteAsync(key, expected: null, "1"u8.ToArray());

        _proxy.Arm(Enum.Parse<Cut>(cut));
        var second = await writer.WriteAsync(key, first, "2"u8.ToArray());

        Assert.NotNull(second);
        Assert.Null(await writer.WriteAsync(key, first, "3"u8.ToArray()));
        Assert.NotNull(await writer.WriteAsync(key, second, "4"u8.ToArray()));
    }

    [Theory]
    [InlineData(nameof(Cut.BeforeServer))]
    [InlineData(nameof(Cut.BeforeAnswer))]
    public async Task States_that_wait_together_are_removed_once(string cut)
    {
        await using var before = new PostgresStateWriter(_direct);
        await using var writer = new PostgresStateWriter(_database);
        var keys = Enumerable.Range(0, 20).Select(i => new StateKey("type", $"{i}", "state")).ToArray();
        var versions = await Task.WhenAll(keys.Select(k => before.WriteAsync(k, expected: null, [1])));
        await using var source = NpgsqlDataSource.Create(_connection);
        await using var holder = await source.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await holder.ExecuteAsync("LOCK TABLE mesh_grain_state IN ACCESS EXCLUSIVE MODE");
        var first = writer.WriteAsync(new StateKey("type", "before", "state"), expected: null, [1]);
        await WaitForWriteAsync(); // it is held up; what is asked for now waits together

        _proxy.Arm(Enum.Parse<Cut>(cut));
        var removed = Task.WhenAll(keys.Select((k, i) => writer.WriteAsync(k, versions[i], payload: null)));
        await transaction.CommitAsync();

        Assert.NotNull(await first);
        Assert.DoesNotContain(await removed, version => version is null);
        Assert.Equal(1, _proxy.Cuts);
        Assert.Single(await RowsAsync("SELECT 1 FROM mesh_grain_state"));
    }

    [Fact]
    public async Task What_was_given_up_does_not_happen_later()
    {
        await using var writer = new PostgresStateWriter(_database);
        var key = new StateKey("type", "key", "state");

        _proxy.Arm(Cut.Late);
        var version = await writer.WriteAsync(key, expected: null, "1"u8.ToArray());
        Assert.NotNull(await writer.WriteAsync(key, version, payload: null));
        await _proxy.DeliverAsync();

        Assert.Equal(1, _proxy.Cuts);
        Assert.Empty(await RowsAsync("SELECT 1 FROM mesh_grain_state")); // else it had come back to life
        Assert.Equal([1], await RowsAsync("SELECT 1 FROM mesh_abandoned_write"));
    }

    [Fact]
    public async Task A_database_that_refuses_is_told_as_one_that_is_away()
    {
        var store = new PostgresRevisionStore(_database);
        Assert.True(await store.TryAppendAsync(Revision(1), _none));
        var name = new NpgsqlConnectionStringBuilder(postgres.Last).Database;
        await postgres.Server.QueryAsync($"ALTER DATABASE {name} SET default_transaction_read_only = on", "postgres");
        await postgres.Server.QueryAsync(
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'", "postgres");
        Assert.Equal(1, (await store.LoadAsync(_none)).Revision); // reads go on, over a new connection

        var exception = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.TryAppendAsync(Revision(2), _none));
        Assert.True(exception.IsNothingWritten);
        Assert.Contains("25006", exception.Message, StringComparison.Ordinal);

        await postgres.Server.QueryAsync($"ALTER DATABASE {name} RESET default_transaction_read_only", "postgres");
        Assert.True(await store.TryAppendAsync(Revision(2), _none)); // on a new connection: the old ones are left
    }

    [Fact]
    public async Task What_the_database_cannot_take_spoils_nothing_else_and_is_told_without_its_exception()
    {
        await using var writer = new PostgresStateWriter(_database);

        var written = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                return await writer.WriteAsync(new StateKey("type", i == 7 ? "a\0b" : $"{i}", "state"), null, [1]);
            }
            catch (InvalidOperationException)
            {
                return -1;
            }
        }));

        Assert.Equal(-1, written[7]);
        Assert.Equal(19, written.Count(v => v > 0));
    }

    [Fact]
    public async Task When_the_database_does_not_come_back_the_writer_is_told_that_the_outcome_is_not_known()
    {
        var proxy = CuttingProxy.Start(postgres.Server.Port, "mesh_begin_write"u8.ToArray());
        var connection = await postgres.CreateAsync(proxy.Port);
        await using var database = Open(connection);
        var store = new PostgresRevisionStore(database);
        Assert.True(await store.TryAppendAsync(Revision(1), _none));

        proxy.Arm(Cut.BeforeAnswer);
        var writing = store.TryAppendAsync(Revision(2), _none);
        await proxy.DisposeAsync();

        var exception = await Assert.ThrowsAsync<StoreUnavailableException>(() => writing);
        Assert.Contains("whether it was written", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_is_refused_at_once_when_the_database_is_away_before_it_begins()
    {
        await using var database = Open("Host=127.0.0.1;Port=1;Username=mesh;Database=mesh;Timeout=2");

        var exception = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => new PostgresRevisionStore(database).TryAppendAsync(Revision(1), _none));

        Assert.Contains("nothing was written", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_who_want_a_connection_few_knock_at_a_database_that_lets_nobody_in()
    {
        await using var database = Open($"{_through};Timeout=2");
        _proxy.Hold();

        var reads = Enumerable.Range(0, 100).Select(_ => ReadAsync(database)).ToArray();
        foreach (var read in reads) await Assert.ThrowsAsync<StoreUnavailableException>(() => read);
        var knocked = _proxy.Accepted;
        _proxy.LetPass();

        // two at once, and perhaps the next two when those had given up; it was as many as the pool has room for, and as many
        // again each time
        Assert.InRange(knocked, 1, 6);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ReadAsync(_database)));
    }

    [Fact]
    public async Task A_server_that_has_forgotten_what_was_prepared_is_asked_again()
    {
        var store = new PostgresRevisionStore(_direct);
        for (var number = 1; number <= 3; number++) Assert.True(await store.TryAppendAsync(Revision(number), _none));
        for (var i = 0; i < 3; i++) await ReadAsync(_direct);

        await ForgetAsync();
        Assert.True(await store.TryAppendAsync(Revision(4), _none));
        await ForgetAsync();
        Assert.Equal([1], await ReadAsync(_direct));

        Assert.Equal([4, 3, 2, 1], (await store.ListAsync(0, 10, _none)).Select(r => r.Number));
    }

    // there is one connection only, as nobody has asked for two at once
    private Task<bool> ForgetAsync() => _direct.ReadAsync(
        async (connection, _) =>
        {
            await connection.ExecuteAsync("DEALLOCATE ALL");
            return true;
        },
        _none);

    private static Task<List<int>> ReadAsync(PostgresDatabase database) => database.ReadAsync(
        (connection, token) => connection.Command("SELECT 1").QueryAsync(r => r.GetInt32(0), token), _none);

    private async Task WaitForWriteAsync()
    {
        for (var end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(20))
        {
            var waiting = await RowsAsync(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'mesh_grain_state'::regclass");
            if (waiting.Count > 0) return;
            Assert.True(DateTime.UtcNow < end, "No write waits for the table after 20 s.");
        }
    }

    private Task<List<int>> RowsAsync(string sql) =>
        _direct.ReadAsync((connection, token) => connection.Command(sql).QueryAsync(r => r.GetInt32(0), token), _none);

    private static PostgresDatabase Open(string connection) =>
        new(connection, TimeProvider.System, NullLogger<PostgresDatabase>.Instance);

    private static RevisionRecord Revision(long number) => new(
        number,
        DateTimeOffset.UnixEpoch,
        "test",
        "",
        [new ConfigChange("Kind/ns/name", ConfigChangeKind.Updated, null, number == 1 ? "one" : "two")]);
}
