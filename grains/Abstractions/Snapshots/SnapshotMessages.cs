using System.Collections.Immutable;

namespace MeshOrleans.Grains.Snapshots;

/// <summary>One published change: an entry put, or removed when <paramref name="Payload"/> is null.</summary>
/// <param name="Key">As <c>SnapshotKey</c> says.</param>
/// <param name="OwnerVersion">Rises with every change that the owner makes to this key.</param>
/// <param name="Payload">As <c>SnapshotPayload</c> or <c>ConfigJson</c> writes it; null removes the entry.</param>
[GenerateSerializer, Immutable, Alias("mesh.SnapshotChange")]
public sealed record SnapshotChange(
    [property: Id(0)] string Key,
    [property: Id(1)] long OwnerVersion,
    [property: Id(2)] string? Payload);

/// <summary>What a follower receives.</summary>
/// <param name="Epoch">The epoch of all numbers in it.</param>
/// <param name="Number">The snapshot's version once this batch has been applied.</param>
/// <param name="IsFull">True when it replaces all that the follower holds.</param>
/// <param name="Changes">In order; a full batch has no removals.</param>
[GenerateSerializer, Immutable, Alias("mesh.SnapshotBatch")]
public sealed record SnapshotBatch(
    [property: Id(0)] string Epoch,
    [property: Id(1)] long Number,
    [property: Id(2)] bool IsFull,
    [property: Id(3)] ImmutableArray<SnapshotChange> Changes);
