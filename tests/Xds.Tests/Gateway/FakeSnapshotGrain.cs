using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>The mesh snapshot as the test tells it: nothing before <see cref="Load"/>, then every change in order.</summary>
internal sealed class FakeSnapshotGrain : IMeshSnapshotGrain
{
    private readonly Lock _gate = new();
    private readonly List<SnapshotBatch> _batches = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _follows;

    /// <summary>How often somebody has begun to follow.</summary>
    public int Follows => Volatile.Read(ref _follows);

    public long Number { get; private set; }

    /// <summary>The follow after this many batches breaks; zero never does.</summary>
    public int BreakAfter { get; set; }

    public Task<long> PublishAsync(ImmutableArray<SnapshotChange> changes, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public async IAsyncEnumerable<SnapshotBatch> FollowAsync(
        string epoch, long number, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _follows);
        var next = -1;
        var sent = 0;
        while (true)
        {
            Task changed;
            SnapshotBatch? batch;
            lock (_gate)
            {
                if (next < 0) next = FirstAfter(epoch, number);
                changed = _changed.Task;
                batch = next < _batches.Count ? _batches[next] : null;
            }

            if (batch is null)
            {
                await changed.WaitAsync(cancellationToken);
                continue;
            }

            next++;
            yield return batch;
            if (++sent == BreakAfter) throw new IOException("The silo is gone.");
        }
    }

    /// <summary>The whole mesh, as a first full batch.</summary>
    public void Load(MeshSnapshot snapshot, string epoch = "e1") => Append(
        isFull: true,
        [
            .. snapshot.Config.Values.Select(Change),
            .. snapshot.Workloads.Values.Select(Change),
            .. snapshot.Bundles.Select(b => new SnapshotChange($"trust/{b.Key}", 1, SnapshotPayload.Write(b.Value))),
        ],
        epoch);

    public void Put(Workload workload) => Tell(Change(workload));

    public void Put(ConfigResource resource, long revision) => Tell(Change(resource) with { OwnerVersion = revision });

    public void Remove(string key) => Tell(new SnapshotChange(key, 99, null));

    public void Tell(params SnapshotChange[] changes) => Append(isFull: false, [.. changes]);

    public void Append(bool isFull, ImmutableArray<SnapshotChange> changes, string epoch = "e1", long? number = null)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            Number = number ?? Number + Math.Max(1, changes.Length);
            _batches.Add(new SnapshotBatch(epoch, Number, isFull, changes));
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
    }

    /// <summary>The batch after a version, or the newest full one where that is of another history.</summary>
    private int FirstAfter(string epoch, long number)
    {
        var full = _batches.FindLastIndex(b => b.IsFull);
        if (full < 0) return 0;
        return _batches[full].Epoch != epoch ? full : _batches.FindLastIndex(b => b.Number <= number) + 1;
    }

    private static SnapshotChange Change(ConfigResource resource) =>
        new($"config/{resource.Key}", 1, ConfigJson.Write(resource));

    private static SnapshotChange Change(Workload workload) =>
        new($"workload/{workload.Namespace}/{workload.Name}", 1, SnapshotPayload.Write(workload));
}
