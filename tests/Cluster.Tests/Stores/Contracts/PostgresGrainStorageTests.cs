using MeshOrleans.Silo.Hosting.Orleans;
using MeshOrleans.Silo.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Serialization;
using Orleans.Storage;

namespace MeshOrleans.Cluster.Tests.Stores.Contracts;

/// <summary>What Orleans asks of a storage of grain states, on a real database.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresGrainStorageTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string State = "state";

    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly GrainId _grain = GrainId.Create("type", "key");
    private PostgresDatabase _database = null!;
    private PostgresStateWriter _writer = null!;
    private PostgresGrainStorage _storage = null!;

    public async Task InitializeAsync()
    {
        _database = Open(await postgres.CreateAsync());
        _writer = Begin(_database);
        _storage = new PostgresGrainStorage(
            _database, _writer, new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>()));
    }

    public async Task DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _database.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task A_state_that_was_never_written_is_empty_and_does_not_exist()
    {
        var read = new GrainState<List<int>>([7]) { ETag = "5", RecordExists = true };

        await _storage.ReadStateAsync(State, _grain, read);

        Assert.Empty(read.State!);
        Assert.Null(read.ETag);
        Assert.False(read.RecordExists);
    }

    [Fact]
    public async Task What_was_written_is_read_with_the_same_etag_and_each_write_has_another_one()
    {
        var written = await WriteAsync(_grain, 1);
        var first = written.ETag;
        written.State!.Add(2);
        await _storage.WriteStateAsync(State, _grain, written);

        var read = await ReadAsync(_grain);

        Assert.Equal([1, 2], read.State);
        Assert.True(read.RecordExists && written.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.NotEqual(first, read.ETag);
    }

    [Fact]
    public async Task A_write_from_an_old_etag_is_refused_and_changes_neither_the_record_nor_the_etag()
    {
        var stale = await WriteAsync(_grain, 1);
        var newer = await ReadAsync(_grain);
        newer.State = [2];
        await _storage.WriteStateAsync(State, _grain, newer);
        var etag = stale.ETag;

        stale.State = [3];
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync(State, _grain, stale));

        Assert.Equal(etag, stale.ETag);
        Assert.Equal([2], (await ReadAsync(_grain)).State);
    }

    [Fact]
    public async Task A_first_write_over_a_state_that_is_there_is_refused()
    {
        await WriteAsync(_grain, 1);

        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync(_grain, 2));

        Assert.Equal([1], (await ReadAsync(_grain)).State);
    }

    [Fact]
    public async Task A_cleared_state_is_gone_and_a_writer_that_held_it_cannot_bring_it_back()
    {
        var state = await WriteAsync(_grain, 1);
        var stale = await ReadAsync(_grain);

        await _storage.ClearStateAsync(State, _grain, state);

        Assert.Equal((false, null), (state.RecordExists, state.ETag));
        Assert.Empty(state.State!);
        Assert.False((await ReadAsync(_grain)).RecordExists);
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync(State, _grain, stale));
        state.State = [2];
        await _storage.WriteStateAsync(State, _grain, state); // made anew
        Assert.Equal([2], (await ReadAsync(_grain)).State);
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync(State, _grain, stale));
    }

    [Fact]
    public async Task Clearing_with_an_old_etag_is_refused_and_clearing_nothing_is_fine()
    {
        var stale = await WriteAsync(_grain, 1);
        var newer = await ReadAsync(_grain);
        await _storage.WriteStateAsync(State, _grain, newer);

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync(State, _grain, stale));
        await _storage.ClearStateAsync(State, GrainId.Create("type", "nobody"), new GrainState<List<int>>([]));

        Assert.Equal([1], (await ReadAsync(_grain)).State);
    }

    [Fact]
    public async Task Keys_that_look_alike_and_states_of_one_grain_are_kept_apart()
    {
        GrainId[] grains =
        [
            GrainId.Create("type", "cafe"), GrainId.Create("type", "0cafe"), GrainId.Create("type", "CAFE"),
            GrainId.Create("other", "cafe"), GrainId.Create("type", "a/b+c|ü'"),
        ];
        for (var i = 0; i < grains.Length; i++) await WriteAsync(grains[i], i);
        var second = new GrainState<List<int>>([99]);
        await _storage.WriteStateAsync("second", grains[0], second);

        for (var i = 0; i < grains.Length; i++) Assert.Equal([i], (await ReadAsync(grains[i])).State);
    }

    private async Task<GrainState<List<int>>> WriteAsync(GrainId grain, int value)
    {
        var state = new GrainState<List<int>>([value]);
        await _storage.WriteStateAsync(State, grain, state);
        return state;
    }

    private async Task<GrainState<List<int>>> ReadAsync(GrainId grain)
    {
        var state = new GrainState<List<int>>([]);
        await _storage.ReadStateAsync(State, grain, state);
        return state;
    }

    private static PostgresDatabase Open(string connection) =>
        new(connection, TimeProvider.System, NullLogger<PostgresDatabase>.Instance);

    private static PostgresStateWriter Begin(PostgresDatabase database) => new(database);
}
