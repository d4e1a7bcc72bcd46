using System.Collections.Immutable;

namespace MeshOrleans.Grains.Config;

/// <summary>
/// Where accepted configuration is kept: the documents as they stand and every revision that led there. A revision is
/// written once and never changed; one writer at a time is enforced by compare-and-swap on the newest number.
/// </summary>
public interface IRevisionStore
{
    /// <summary>Reads the documents as they stand.</summary>
    Task<StoredConfig> LoadAsync(CancellationToken cancellationToken);

    /// <summary>The number of the newest revision; zero before the first.</summary>
    Task<long> ReadNewestAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Saves a revision in one transaction, durably, or nothing: its record, and for each of its changes the document's
    /// new content with <see cref="RevisionRecord.Number"/> as its <see cref="StoredDocument.Revision"/>.
    /// </summary>
    /// <returns>False when the newest stored revision is not <c>Number - 1</c>: somebody else writes.</returns>
    Task<bool> TryAppendAsync(RevisionRecord revision, CancellationToken cancellationToken);

    /// <summary>
    /// The history, newest first, without the changes (<see cref="RevisionRecord.Changes"/> is empty).
    /// </summary>
    /// <param name="before">Only revisions older than this one; zero starts at the newest.</param>
    /// <param name="count">At most this many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<ImmutableArray<RevisionRecord>> ListAsync(long before, int count, CancellationToken cancellationToken);

    /// <summary>One revision with its changes in their order; null when there is none of that number.</summary>
    Task<RevisionRecord?> FindAsync(long number, CancellationToken cancellationToken);
}

/// <summary>One key that was ever accepted.</summary>
/// <param name="Key"><c>Kind/namespace/name</c>; the row's primary key.</param>
/// <param name="Revision">The revision that last changed it.</param>
/// <param name="Json">
/// Its content; null when that revision deleted it. Deleted keys stay, so that they can be told.
/// </param>
public sealed record StoredDocument(string Key, long Revision, string? Json);

/// <summary>The configuration as it stands.</summary>
/// <param name="Revision">The newest revision; zero before the first.</param>
/// <param name="Documents">Every key that was ever accepted, deleted ones included, in any order.</param>
public sealed record StoredConfig(long Revision, ImmutableArray<StoredDocument> Documents);
