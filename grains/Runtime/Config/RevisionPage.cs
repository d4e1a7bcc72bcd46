using System.Collections.Immutable;

namespace MeshOrleans.Grains.Config;

/// <summary>Pages of the history that need no store, as long as they are among the newest revisions.</summary>
internal static class RevisionPage
{
    /// <summary>A page of the history, newest first.</summary>
    /// <param name="newest">The newest revisions without a gap, newest first; all there are if the last is number one.</param>
    /// <param name="before">Only revisions older than this one; zero starts at the newest.</param>
    /// <param name="count">At most this many.</param>
    /// <returns>Null when older ones than these are asked for.</returns>
    public static ImmutableArray<RevisionRecord>? Find(ImmutableArray<RevisionRecord> newest, long before, int count)
    {
        ImmutableArray<RevisionRecord> page =
            [.. newest.Where(r => before == 0 || r.Number < before).Take(count)];
        return page.Length == count || newest.IsEmpty || newest[^1].Number == 1 ? page : null;
    }
}
