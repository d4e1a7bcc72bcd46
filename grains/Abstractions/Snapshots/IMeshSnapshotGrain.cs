using System.Collections.Immutable;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Snapshots;

/// <summary>
/// Puts everything that owners publish in one order and hands it to whoever follows. Key:
/// <see cref="MeshKeys.Default"/>. Calls nobody.
/// </summary>
[Alias("mesh.IMeshSnapshotGrain")]
public interface IMeshSnapshotGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes over changes of one owner, saves them and only then answers. Idempotent by owner version: a change whose
    /// version is not above the one held for its key is passed over. Calls interleave, so that those which arrive while
    /// a batch is being saved are saved together as the next one; a caller that stops waiting does not stop the saving.
    /// </summary>
    /// <returns>The snapshot version that holds all of them.</returns>
    [AlwaysInterleave, Alias("Publish")]
    Task<long> PublishAsync(ImmutableArray<SnapshotChange> changes, CancellationToken cancellationToken);

    /// <summary>
    /// Everything after <paramref name="number"/> of <paramref name="epoch"/>, then every change as it comes, without
    /// end. When the epoch is another one, or the log no longer reaches back that far, the first batch is a full one. A
    /// batch without changes comes every second in which there are none.
    /// </summary>
    [Alias("Follow")]
    IAsyncEnumerable<SnapshotBatch> FollowAsync(
        string epoch, long number, CancellationToken cancellationToken = default);
}
