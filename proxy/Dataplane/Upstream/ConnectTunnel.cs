using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Asks a proxy for a tunnel over a connection that has just been made to it (CONNECT of HTTP/1.1).</summary>
internal static class ConnectTunnel
{
    private const int LongestHead = 8 * 1024;
    private const int StatusLength = 12; // HTTP/1.1 200

    /// <summary>When it returns, what is written goes to the far end, and what is read comes from there.</summary>
    /// <param name="proxy">The connection.</param>
    /// <param name="authority">The far end, <c>host:port</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="UpstreamConnectException">The proxy refuses, or answers what is no answer.</exception>
    public static async ValueTask<Stream> OpenAsync(Stream proxy, string authority, CancellationToken cancellationToken)
    {
        var head = $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n";
        await AskAsync(proxy, head, $"CONNECT {authority}", cancellationToken).ConfigureAwait(false);
        return proxy;
    }

    /// <summary>Sends the head of a request and reads that of the answer, and not a byte more.</summary>
    /// <param name="proxy">The connection.</param>
    /// <param name="head">The head.</param>
    /// <param name="name">What is asked for, in messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The head of an answer that says yes.</returns>
    /// <exception cref="UpstreamConnectException">The proxy refuses, or answers what is no answer.</exception>
    public static async ValueTask<byte[]> AskAsync(
        Stream proxy, string head, string name, CancellationToken cancellationToken)
    {
        try
        {
            await proxy.WriteAsync(Encoding.ASCII.GetBytes(head), cancellationToken).ConfigureAwait(false);
            var answer = await ReadHeadAsync(proxy, cancellationToken).ConfigureAwait(false);
            var status = StatusOf(answer);
            if (status is >= 200 and < 300) return answer;
            throw new UpstreamConnectException(status == 0
                ? $"What the proxy answered to {name} is not HTTP."
                : $"The proxy answered {status} to {name}.");
        }
        catch (Exception exception) when (exception is IOException and not UpstreamConnectException)
        {
            throw new UpstreamConnectException($"The proxy closed on {name}: {exception.Message}", exception);
        }
    }

    // Byte by byte: what follows the head is not for this reader.
    private static async ValueTask<byte[]> ReadHeadAsync(Stream proxy, CancellationToken cancellationToken)
    {
        var head = new byte[LongestHead];
        for (var length = 0; length < LongestHead;)
        {
            if (await proxy.ReadAsync(head.AsMemory(length, 1), cancellationToken).ConfigureAwait(false) == 0)
            {
                throw new EndOfStreamException("it ended before its answer did");
            }

            length++;
            if (head.AsSpan(0, length).EndsWith("\r\n\r\n"u8)) return head[..length];
        }

        throw new UpstreamConnectException($"The proxy's answer has a head of more than {LongestHead} bytes.");
    }

    private static int StatusOf(ReadOnlySpan<byte> head)
    {
        if (head.Length <= StatusLength || !head.StartsWith("HTTP/1."u8) || head[8] != ' ') return 0;
        return head[StatusLength] is (byte)' ' or (byte)'\r'
            && int.TryParse(head[9..StatusLength], out var status) && status >= 100
            ? status
            : 0;
    }
}
