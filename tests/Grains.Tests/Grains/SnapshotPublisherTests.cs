using System.Collections.Immutable;
using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class SnapshotPublisherTests
{
    private readonly List<ImmutableArray<SnapshotChange>> _sent = [];
    private readonly HeldScheduler _scheduler = new();

    [Fact]
    public async Task Changes_of_one_burst_go_as_one_call()
    {
        var publisher = new SnapshotPublisher(SendAsync, _scheduler);

        var published = Enumerable.Range(0, 50).Select(i => PublishAsync(publisher, $"k{i}")).ToList();
        _scheduler.Run();

        Assert.All(await Task.WhenAll(published), number => Assert.Equal(1, number));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"k{i}"), Assert.Single(_sent).Select(c => c.Key));
    }

    [Fact]
    public async Task A_later_burst_does_not_wait_for_the_answer_to_an_earlier_one()
    {
        var answer = new TaskCompletionSource<long>();
        var publisher = new SnapshotPublisher(
            (changes, _) => changes[0].Key == "slow" ? answer.Task : Task.FromResult(7L), _scheduler);

        var slow = PublishAsync(publisher, "slow");
        _scheduler.Run();
        var next = PublishAsync(publisher, "next");
        _scheduler.Run();

        Assert.Equal(7, await next.WaitAsync(TestSilo.Impatience()));
        Assert.False(slow.IsCompleted);
        answer.SetResult(8);
        Assert.Equal(8, await slow);
    }

    [Fact]
    public async Task A_failure_is_told_to_those_of_its_call_and_to_nobody_else()
    {
        var publisher = new SnapshotPublisher(
            (changes, _) => changes[0].Key == "a"
                ? Task.FromException<long>(new InvalidOperationException("not saved"))
                : Task.FromResult(1L),
            _scheduler);

        Task[] failing = [PublishAsync(publisher, "a"), PublishAsync(publisher, "b")];
        _scheduler.Run();
        var next = PublishAsync(publisher, "c");
        _scheduler.Run();

        foreach (var one in failing) await Assert.ThrowsAsync<InvalidOperationException>(() => one);
        Assert.Equal(1, await next);
    }

    [Fact]
    public async Task Who_stops_waiting_takes_nothing_from_the_others()
    {
        var publisher = new SnapshotPublisher(SendAsync, _scheduler);
        using var gone = new CancellationTokenSource();

        var impatient = publisher.PublishAsync([new SnapshotChange("a", 1, "{}")], gone.Token);
        var patient = PublishAsync(publisher, "b");
        await gone.CancelAsync();
        _scheduler.Run();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.Equal(1, await patient);
        Assert.Equal(["a", "b"], Assert.Single(_sent).Select(c => c.Key));
    }

    private static Task<long> PublishAsync(SnapshotPublisher publisher, string key) =>
        publisher.PublishAsync([new SnapshotChange(key, 1, "{}")], CancellationToken.None);

    private Task<long> SendAsync(ImmutableArray<SnapshotChange> changes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _sent.Add(changes);
        return Task.FromResult((long)_sent.Count);
    }

    /// <summary>Runs what is queued when the test says so: until then, a burst is still coming in.</summary>
    private sealed class HeldScheduler : TaskScheduler
    {
        private readonly Queue<Task> _queued = new();

        public void Run()
        {
            while (_queued.TryDequeue(out var task)) TryExecuteTask(task);
        }

        protected override void QueueTask(Task task) => _queued.Enqueue(task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => _queued;
    }
}
