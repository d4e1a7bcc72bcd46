using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using MeshOrleans.Proxy.Http2.Connections;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// A tunnel that a proxy opens on a POST: what goes to the far end is the body of the request, in chunks, and what
/// comes from there is that of the answer.
/// </summary>
/// <remarks>
/// Source: Envoy, TcpProxy.TunnelingConfig.use_post; RFC 9112 section 7.1 for the chunks. An answer in chunks ends with
/// the last of them, any other one with the connection. The reader and the writer may be two.
/// </remarks>
internal sealed class PostTunnel : AsyncStream
{
    private const int HeldBytes = 4096;
    private const int LongestLine = 256;
    private const int MostDigits = 7; // of a chunk's size: less than 2 GiB
    private const int Overhead = 16;

    private static readonly byte[] _end = "0\r\n\r\n"u8.ToArray();

    private readonly Stream _proxy;
    private readonly bool _isChunked;
    private readonly byte[] _held = new byte[HeldBytes]; // of the answer: read, and not given to anybody yet
    private readonly byte[] _line = new byte[LongestLine];
    private int _heldStart;
    private int _heldEnd;
    private int _rest; // of the chunk that is being read
    private bool _isInBody; // a chunk has been begun, so that a line end stands before the next one
    private bool _isOver;

    private PostTunnel(Stream proxy, bool isChunked) => (_proxy, _isChunked) = (proxy, isChunked);

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Asks for the tunnel over a connection that has just been made.</summary>
    /// <param name="proxy">The connection; disposed with the tunnel.</param>
    /// <param name="authority">The far end, <c>host:port</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UpstreamConnectException">The proxy refuses, or answers what is no answer.</exception>
    public static async ValueTask<Stream> OpenAsync(Stream proxy, string authority, CancellationToken cancellationToken)
    {
        var name = $"POST to {authority}";
        var head = $"POST / HTTP/1.1\r\nHost: {authority}\r\nTransfer-Encoding: chunked\r\n\r\n";
        var answer = await ConnectTunnel.AskAsync(proxy, head, name, cancellationToken).ConfigureAwait(false);
        var fields = Encoding.ASCII.GetString(answer).Split("\r\n");
        if (Find(fields, "content-length") is not null)
        {
            throw new UpstreamConnectException($"The proxy answered {name} with a page, and not with a tunnel.");
        }

        return Find(fields, "transfer-encoding") switch
        {
            null => new PostTunnel(proxy, isChunked: false),
            var coding when coding.Equals("chunked", StringComparison.OrdinalIgnoreCase) =>
                new PostTunnel(proxy, isChunked: true),
            var coding => throw new UpstreamConnectException($"The proxy answered {name} with the coding '{coding}'."),
        };
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isChunked) return await ReadPlainAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (_rest == 0 && !_isOver) await BeginChunkAsync(cancellationToken).ConfigureAwait(false);
        if (_isOver) return 0;
        var most = Math.Min(buffer.Length, _rest);
        var read = await ReadPlainAsync(buffer[..most], cancellationToken).ConfigureAwait(false);
        if (read == 0 && most > 0) throw new EndOfStreamException("The tunnel ended in the middle of a chunk.");
        _rest -= read;
        return read;
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return; // an empty chunk is the last
        var chunk = ArrayPool<byte>.Shared.Rent(buffer.Length + Overhead);
        try
        {
            buffer.Length.TryFormat(chunk, out var length, "x", CultureInfo.InvariantCulture);
            "\r\n"u8.CopyTo(chunk.AsSpan(length));
            buffer.CopyTo(chunk.AsMemory(length + 2));
            length += 2 + buffer.Length;
            "\r\n"u8.CopyTo(chunk.AsSpan(length));
            await _proxy.WriteAsync(chunk.AsMemory(0, length + 2), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    /// <summary>Says that nothing more will be sent. What is still to come can be read.</summary>
    public ValueTask EndAsync() => _proxy.WriteAsync(_end);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => _proxy.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _proxy.Dispose();
        base.Dispose(disposing);
    }

    private static string? Find(string[] fields, string name)
    {
        foreach (var field in fields)
        {
            var colon = field.IndexOf(':');
            if (colon > 0 && field.AsSpan(0, colon).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return field[(colon + 1)..].Trim(' ', '\t');
            }
        }

        return null;
    }

    private async ValueTask BeginChunkAsync(CancellationToken cancellationToken)
    {
        if (_isInBody && await ReadLineAsync(cancellationToken).ConfigureAwait(false) != 0)
        {
            throw new IOException("A chunk of the tunnel is longer than it says.");
        }

        var length = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
        _rest = SizeOf(_line.AsSpan(0, length));
        _isInBody = true;
        if (_rest > 0) return;
        while (await ReadLineAsync(cancellationToken).ConfigureAwait(false) > 0) // trailers
        {
        }

        _isOver = true;
    }

    private static int SizeOf(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOfAny((byte)';', (byte)' ', (byte)'\t');
        var digits = end < 0 ? line : line[..end];
        return digits.Length is > 0 and <= MostDigits
            && int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size)
            ? size
            : throw new IOException("What came through the tunnel is no chunk.");
    }

    // Into the line, without its end; the length.
    private async ValueTask<int> ReadLineAsync(CancellationToken cancellationToken)
    {
        for (var length = 0; length < LongestLine; length++)
        {
            if (_heldStart == _heldEnd)
            {
                (_heldStart, _heldEnd) = (0, await _proxy.ReadAsync(_held, cancellationToken).ConfigureAwait(false));
                if (_heldEnd == 0) throw new EndOfStreamException("The tunnel ended between two chunks.");
            }

            _line[length] = _held[_heldStart++];
            if (_line[length] != '\n') continue;
            if (length > 0 && _line[length - 1] == '\r') return length - 1;
            throw new IOException("A line of the tunnel has no proper end.");
        }

        throw new IOException($"A line of the tunnel has more than {LongestLine} bytes.");
    }

    private ValueTask<int> ReadPlainAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_heldStart == _heldEnd) return _proxy.ReadAsync(buffer, cancellationToken);
        var count = Math.Min(buffer.Length, _heldEnd - _heldStart);
        _held.AsMemory(_heldStart, count).CopyTo(buffer);
        _heldStart += count;
        return new ValueTask<int>(count);
    }
}
