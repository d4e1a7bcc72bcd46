using System.Collections.Immutable;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Audit;

/// <summary>
/// What callers of the API have asked to change, the last <see cref="AuditEntry.MaxKept"/> of it. Key:
/// <see cref="MeshKeys.Default"/>.
/// </summary>
[Alias("mesh.IAuditGrain")]
public interface IAuditGrain : IGrainWithStringKey
{
    /// <summary>Saves entries in their order; they are given their numbers.</summary>
    /// <param name="entries">At most <see cref="AuditEntry.MaxAtOnce"/>; their numbers do not matter.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    [Alias("Append")]
    Task AppendAsync(ImmutableArray<AuditEntry> entries, CancellationToken cancellationToken);

    /// <summary>The trail, newest first.</summary>
    /// <param name="before">Only entries older than this one; zero starts at the newest.</param>
    /// <param name="count">At most this many.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    [AlwaysInterleave, Alias("List")]
    Task<ImmutableArray<AuditEntry>> ListAsync(long before, int count, CancellationToken cancellationToken);
}

/// <summary>A part of the trail that is full. Key: its place in the ring, a number.</summary>
[Alias("mesh.IAuditSegmentGrain")]
public interface IAuditSegmentGrain : IGrainWithStringKey
{
    /// <summary>Puts entries in place of those that were here a round ago.</summary>
    [Alias("Replace")]
    Task ReplaceAsync(ImmutableArray<AuditEntry> entries, CancellationToken cancellationToken);

    /// <summary>The entries, oldest first.</summary>
    [Alias("Read")]
    Task<ImmutableArray<AuditEntry>> ReadAsync(CancellationToken cancellationToken);
}
