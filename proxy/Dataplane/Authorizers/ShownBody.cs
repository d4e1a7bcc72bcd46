using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>The beginning of a request's body, which an authorizer is shown and the application gets all the same.</summary>
/// <param name="Bytes">What is shown.</param>
/// <param name="IsPartial">There is more of it, or may be.</param>
internal readonly record struct ShownBody(ReadOnlyMemory<byte> Bytes, bool IsPartial)
{
    private const int FirstBuffer = 4 * 1024;

    /// <summary>Reads it and puts it back; null when it is longer than may be shown.</summary>
    /// <remarks>
    /// Source: Envoy, ext_authz <c>with_request_body</c>. Memory is taken as bytes come, and not for what a caller announces.
    /// </remarks>
    public static async ValueTask<ShownBody?> TakeAsync(HttpRequest request, ShownBodyModel limits, CancellationToken aborted)
    {
        if (request.ContentLength > limits.MaxBytes && !limits.AllowPartial) return null;

        // one byte more tells whether it is longer, where that matters
        var most = limits.AllowPartial ? limits.MaxBytes : limits.MaxBytes + 1;
        var source = request.Body;
        var buffer = new byte[Math.Min(most, FirstBuffer)];
        var count = 0;
        while (count < most)
        {
            if (count == buffer.Length) Array.Resize(ref buffer, (int)Math.Min(most, 2L * buffer.Length));
            var read = await source.ReadAsync(buffer.AsMemory(count), aborted).ConfigureAwait(false);
            if (read == 0) break;
            count += read;
        }

        var bytes = buffer.AsMemory(0, count);
        if (count > 0) request.Body = new ReplayedBody(bytes, source);
        if (count > limits.MaxBytes) return null;
        return new ShownBody(bytes, count == limits.MaxBytes && limits.AllowPartial && request.ContentLength != count);
    }
}
