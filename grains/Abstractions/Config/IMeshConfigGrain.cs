using System.Collections.Immutable;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Config;

/// <summary>
/// The mesh's configuration: numbered, immutable change sets. Key: <see cref="MeshKeys.Default"/>. The caller has read
/// and checked every document by itself; this grain decides about order, conflicts and references, saves, then tells
/// the snapshot. Reads never wait for a change that is being saved: they are told what was saved before it.
/// </summary>
[Alias("mesh.IMeshConfigGrain")]
public interface IMeshConfigGrain : IGrainWithStringKey
{
    /// <summary>Accepts all of a change set as one new revision, or none of it.</summary>
    [Alias("Apply")]
    Task<ApplyResult> ApplyAsync(ApplyRequest request, CancellationToken cancellationToken);

    /// <summary>The newest revision; zero before the first.</summary>
    [AlwaysInterleave, Alias("GetRevision")]
    Task<long> GetRevisionAsync(CancellationToken cancellationToken);

    /// <summary>Every resource as it stands, in key order.</summary>
    [AlwaysInterleave, Alias("GetDocuments")]
    Task<ImmutableArray<ConfigDocument>> GetDocumentsAsync(CancellationToken cancellationToken);

    /// <summary>The history, newest first.</summary>
    /// <param name="before">Only revisions older than this one; zero starts at the newest.</param>
    /// <param name="count">At most this many, 1 to 500.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [AlwaysInterleave, Alias("ListRevisions")]
    Task<ImmutableArray<RevisionRecord>> ListRevisionsAsync(
        long before, int count, CancellationToken cancellationToken);

    /// <summary>One revision with its changes; null when there is none of that number.</summary>
    [AlwaysInterleave, Alias("FindRevision")]
    Task<RevisionRecord?> FindRevisionAsync(long number, CancellationToken cancellationToken);
}
