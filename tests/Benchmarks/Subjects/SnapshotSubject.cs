using System.Collections.Immutable;
using MeshOrleans.Benchmarks.Load;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Benchmarks.Subjects;

/// <summary>The snapshot grain alone: each slot is an owner that publishes one entry with rising versions.</summary>
internal sealed class SnapshotSubject(IGrainFactory grains, int owners) : ISubject
{
    private readonly IMeshSnapshotGrain _snapshot = grains.GetGrain<IMeshSnapshotGrain>(MeshKeys.Default);
    private readonly long[] _versions = new long[owners];

    public int Slots => owners;

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ChangeAsync(int slot, Change change, CancellationToken cancellationToken)
    {
        var workload = new Workload
        {
            Namespace = "bench",
            Name = $"owner-{slot}",
            Address = Addresses.Of(slot),
            Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 8080),
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("app", "owner").Add("change", change.Mark),
            ServiceAccount = "owner",
        };
        var version = Interlocked.Increment(ref _versions[slot]);
        return _snapshot.PublishAsync(
            [new SnapshotChange($"{SnapshotKey.Workload}bench/owner-{slot}", version, SnapshotPayload.Write(workload))],
            cancellationToken);
    }
}
