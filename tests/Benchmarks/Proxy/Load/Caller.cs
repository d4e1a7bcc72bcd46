using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Benchmarks.Proxy.Load;

/// <summary>One connection that sends GET after GET and reads each answer to its end. Blocks its thread.</summary>
internal sealed class Caller : IDisposable
{
    private static readonly byte[] _ok = "HTTP/1.1 200"u8.ToArray();
    private readonly Socket _socket;
    private readonly byte[] _request;
    private readonly byte[] _buffer = new byte[16 * 1024];

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public Caller(IPEndPoint entry, string host, TimeSpan patience)
    {
        _request = Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        _socket = new Socket(entry.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true, ReceiveTimeout = (int)patience.TotalMilliseconds,
        };
        try
        {
            _socket.Connect(entry);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends one and waits for the answer.</summary>
    /// <returns>True for a 200 with a whole body of a kibibyte.</returns>
    /// <exception cref="SocketException">There was no answer in time, or the connection broke.</exception>
    public bool Call()
    {
        _socket.Send(_request);
        var (length, total) = (0, -1);
        while (total < 0 || length < total)
        {
            var read = _socket.Receive(_buffer, length, _buffer.Length - length, SocketFlags.None);
            if (read == 0) return false;
            length += read;
            if (total < 0) total = TotalOf(_buffer.AsSpan(0, length));
        }

        return _buffer.AsSpan().StartsWith(_ok) && length == total && EndsWithBody(_buffer.AsSpan(0, length));
    }

    public void Dispose() => _socket.Dispose();

    // -1 until the head is complete; every answer here says how long it is
    private static int TotalOf(ReadOnlySpan<byte> arrived)
    {
        var end = arrived.IndexOf("\r\n\r\n"u8);
        if (end < 0) return -1;
        var head = Encoding.ASCII.GetString(arrived[..end]);
        var at = head.IndexOf("\r\nContent-Length:", StringComparison.OrdinalIgnoreCase);
        if (at < 0) return end + 4;
        var value = head.AsSpan(at + "\r\nContent-Length:".Length);
        var line = value.IndexOf('\r');
        return end + 4 + int.Parse(
            (line < 0 ? value : value[..line]).Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private static bool EndsWithBody(ReadOnlySpan<byte> answer) =>
        answer.Length > Pairs.Backend.BodyLength
        && !answer[^Pairs.Backend.BodyLength..].ContainsAnyExcept((byte)'x');
}
