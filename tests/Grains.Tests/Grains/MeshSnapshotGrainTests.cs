using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class MeshSnapshotGrainTests
{
    [Fact]
    public async Task Changes_that_arrive_while_one_is_saved_are_saved_together()
    {
        await using var silo = await TestSilo.StartAsync();
        var gate = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        silo.Stores.Snapshots.BeforeAppend = _ =>
        {
            reached.TrySetResult();
            return gate.Task;
        };

        var first = silo.Snapshot.PublishAsync([Put("first", 1)], CancellationToken.None);
        await reached.Task.WaitAsync(TestSilo.Impatience());
        var others = Enumerable.Range(0, 50)
            .Select(i => silo.Snapshot.PublishAsync([Put($"k{i}", 1)], CancellationToken.None))
            .ToList();
        Assert.False(first.IsCompleted);
        await silo.Snapshot.PublishAsync([], CancellationToken.None); // after it, all fifty have joined
        gate.SetResult();

        Assert.Equal(1, await first);
        Assert.All(await Task.WhenAll(others), number => Assert.Equal(51, number));
        Assert.Equal(2, silo.Stores.Snapshots.Appends);
    }

    [Fact]
    public async Task Nobody_is_told_of_a_change_before_it_is_saved()
    {
        await using var silo = await TestSilo.StartAsync();
        var gate = new TaskCompletionSource();
        silo.Stores.Snapshots.BeforeAppend = _ => gate.Task;
        var publishing = silo.Snapshot.PublishAsync([Put("a", 1)], CancellationToken.None);

        Assert.Empty(await silo.ReadAsync());
        gate.SetResult();
        await publishing;
        Assert.Equal(["a"], (await silo.ReadAsync()).Keys);
    }

    [Fact]
    public async Task A_follower_is_told_everything_as_it_comes()
    {
        await using var silo = await TestSilo.StartAsync();
        await using var followed = silo.Snapshot.FollowAsync("", 0, TestSilo.Impatience()).GetAsyncEnumerator();
        Assert.True(await followed.MoveNextAsync());
        Assert.True(followed.Current.IsFull);

        for (var i = 1; i <= 3; i++)
        {
            await silo.Snapshot.PublishAsync([Put("a", i)], CancellationToken.None);
            Assert.True(await followed.MoveNextAsync());
            Assert.Equal((false, i), (followed.Current.IsFull, followed.Current.Number));
            Assert.Equal([Put("a", i)], followed.Current.Changes.AsEnumerable());
        }
    }

    [Fact]
    public async Task A_follower_resumes_at_the_silo_that_comes_after()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.Snapshot.PublishAsync([Put("a", 1), Put("b", 1)], CancellationToken.None);
        var before = await FirstAsync(silo, "", 0);
        await silo.Snapshot.PublishAsync([Remove("a", 2)], CancellationToken.None);

        await using var next = await TestSilo.StartAsync(silo.Stores);
        var batch = await FirstAsync(next, before.Epoch, before.Number);

        Assert.False(batch.IsFull);
        Assert.Equal((before.Epoch, 3), (batch.Epoch, batch.Number));
        Assert.Equal([Remove("a", 2)], batch.Changes.AsEnumerable());
    }

    [Fact]
    public async Task A_change_that_cannot_be_saved_fails_its_publisher_and_can_be_published_again()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Stores.Snapshots.BeforeAppend = _ => throw new IOException("The disk is full.");

        await Assert.ThrowsAsync<IOException>(() => silo.Snapshot.PublishAsync([Put("a", 1)], CancellationToken.None));
        Assert.Empty(await silo.ReadAsync());

        silo.Stores.Snapshots.BeforeAppend = _ => Task.CompletedTask;
        Assert.Equal(1, await silo.Snapshot.PublishAsync([Put("a", 1)], CancellationToken.None));
    }

    [Fact]
    public async Task Of_two_writers_one_fails_and_goes_on_from_what_the_other_saved()
    {
        var stores = new TestStores();
        await using var one = await TestSilo.StartAsync(stores);
        await using var other = await TestSilo.StartAsync(stores);
        await one.Snapshot.PublishAsync([Put("a", 1)], CancellationToken.None);
        Assert.Equal(["a"], (await other.ReadAsync()).Keys);
        await one.Snapshot.PublishAsync([Put("b", 1)], CancellationToken.None);

        await Assert.ThrowsAnyAsync<Exception>(() => other.Snapshot.PublishAsync([Put("c", 1)], CancellationToken.None));

        Assert.Equal(3, await other.Snapshot.PublishAsync([Put("c", 1)], CancellationToken.None));
        Assert.Equal(["a", "b", "c"], (await other.ReadAsync()).Keys);
    }

    [Fact]
    public async Task A_follower_is_not_taken_back_by_an_activation_that_others_have_written_past()
    {
        var stores = new TestStores();
        await using var stale = await TestSilo.StartAsync(stores);
        await using var newest = await TestSilo.StartAsync(stores);
        await stale.Snapshot.PublishAsync([Put("a", 1)], CancellationToken.None);
        await newest.Snapshot.PublishAsync([Put("b", 1)], CancellationToken.None);
        var held = await FirstAsync(newest, "", 0);

        await Assert.ThrowsAnyAsync<Exception>(() => FirstAsync(stale, held.Epoch, held.Number));
        await newest.Snapshot.PublishAsync([Put("c", 1)], CancellationToken.None);
        var batch = await FirstAsync(stale, held.Epoch, held.Number); // it has begun anew

        Assert.False(batch.IsFull);
        Assert.Equal([Put("c", 1)], batch.Changes.AsEnumerable());
    }

    [Fact]
    public async Task A_follower_takes_over_what_a_store_says_that_was_put_back()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.Snapshot.PublishAsync([Put("a", 1)], CancellationToken.None);
        var backup = await silo.Stores.Snapshots.LoadAsync("", default);
        await silo.Snapshot.PublishAsync([Put("b", 1)], CancellationToken.None);
        var held = await FirstAsync(silo, "", 0);

        silo.Stores.Snapshots.PutBack(backup);
        await using var next = await TestSilo.StartAsync(silo.Stores);
        var batch = await FirstAsync(next, held.Epoch, held.Number);

        Assert.True(batch.IsFull);
        Assert.Equal([Put("a", 1)], batch.Changes.AsEnumerable());
    }

    private static SnapshotChange Put(string key, long version) => new(key, version, $"{key}{version}");

    private static SnapshotChange Remove(string key, long version) => new(key, version, null);

    private static async Task<SnapshotBatch> FirstAsync(TestSilo silo, string epoch, long number)
    {
        await foreach (var batch in silo.Snapshot.FollowAsync(epoch, number, TestSilo.Impatience())) return batch;
        throw new InvalidOperationException("The snapshot ended.");
    }
}
