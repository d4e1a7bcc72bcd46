namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>Reads what an authorizer answers, up to a bound.</summary>
internal static class BoundedAnswer
{
    /// <summary>What is longer is no answer.</summary>
    public const int LongestBody = 1024 * 1024;

    private const int FirstBuffer = 4 * 1024;

    /// <summary>The whole body; null when it is longer than the bound.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > LongestBody) return null;
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var buffer = new byte[FirstBuffer];
            var count = 0;
            while (true)
            {
                var read = await body.ReadAsync(buffer.AsMemory(count), cancellationToken).ConfigureAwait(false);
                if (read == 0) return buffer.AsMemory(0, count);
                count += read;
                if (count > LongestBody) return null;
                if (count == buffer.Length) Array.Resize(ref buffer, Math.Min(2 * buffer.Length, LongestBody + 1));
            }
        }
    }
}
