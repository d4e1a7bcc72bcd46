namespace Orleans.Runtime;

/// <summary>Options of a grain's stream.</summary>
public static class AsyncEnumerableGrainExtensions
{
    /// <summary>
    /// How many elements may travel in one message. In one process elements do not travel, so nothing changes.
    /// </summary>
    public static IAsyncEnumerable<T> WithBatchSize<T>(this IAsyncEnumerable<T> self, int maxBatchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBatchSize);
        return self;
    }
}
