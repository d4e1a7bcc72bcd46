using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.Benchmarks.Xds.Fleet;

/// <summary>
/// One gRPC call on a connection of its own, as cheap as it can be: the proxies share two cores with what they measure.
/// Reads DATA, answers SETTINGS and PING, and gives back window; of headers it finds when to come back, nothing else.
/// </summary>
/// <remarks>Source: RFC 9113 (frames), RFC 7541 (literal fields without indexing), the gRPC wire format.</remarks>
internal sealed class Http2Call : IDisposable
{
    private const int FrameHeader = 9, GrpcPrefix = 5;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;
    private const int Window = 0x3FFF_0000;
    private const int SlowWindow = 65_535; // what HTTP/2 begins with
    private const int MaxFrame = 16_384; // what every server takes
    private const int ReturnAfter = 1 << 20;
    private const int SlowReturnAfter = 1 << 15;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    private static readonly byte[] _preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    private readonly Socket _socket;
    private readonly bool _isSlow;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ArrayBufferWriter<byte> _message = new(4096);
    private byte[] _buffer = new byte[16 * 1024];
    private int _begin, _end, _unreturned, _taken;
    private bool _isOver;

    private Http2Call(Socket socket, bool isSlow) => (_socket, _isSlow) = (socket, isSlow);

    /// <summary>When the server wants to be tried again; null where it did not say.</summary>
    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>Bytes that have come.</summary>
    public long Received { get; private set; }

    /// <summary>Connects, and opens the call.</summary>
    /// <param name="host">Where.</param>
    /// <param name="port">On which port.</param>
    /// <param name="path">What is called.</param>
    /// <param name="isSlow">Whether it gives a small window and pauses after each frame of data.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<Http2Call> OpenAsync(
        string host, int port, string path, bool isSlow, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            var call = new Http2Call(socket, isSlow);
            await call.BeginAsync($"{host}:{port}", path, cancellationToken);
            return call;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends messages, each with its prefix already, in one write.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> framed, CancellationToken cancellationToken)
    {
        var frames = new ArrayBufferWriter<byte>(framed.Length + FrameHeader);
        for (var sent = 0; sent < framed.Length;)
        {
            var part = framed[sent..Math.Min(framed.Length, sent + MaxFrame)];
            WriteHeader(frames.GetSpan(FrameHeader), part.Length, Data, 0, 1);
            frames.Advance(FrameHeader);
            frames.Write(part.Span);
            sent += part.Length;
        }

        await WriteAsync(frames.WrittenMemory, cancellationToken);
    }

    /// <summary>A message with its gRPC prefix.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var framed = new byte[GrpcPrefix + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed.AsSpan(GrpcPrefix));
        return framed;
    }

    /// <summary>The next message; null at the end of the call. What is returned is good until the next call.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        Drop();
        while (!_isOver)
        {
            if (Whole() is { } message) return message;
            if (!await ReadFrameAsync(cancellationToken)) return null;
        }

        return Whole();
    }

    public void Dispose()
    {
        _socket.Dispose();
        _writing.Dispose();
    }

    private async Task BeginAsync(string authority, string path, CancellationToken cancellationToken)
    {
        var block = new ArrayBufferWriter<byte>();
        block.Write<byte>([0x83, 0x86]); // :method POST and :scheme http, of the static table
        Field(block, 4, path);
        Field(block, 1, authority);
        Named(block, "content-type", "application/grpc");
        Named(block, "te", "trailers");
        var start = new ArrayBufferWriter<byte>();
        start.Write<byte>(_preface);
        Span<byte> settings = stackalloc byte[FrameHeader + 6];
        WriteHeader(settings, 6, Settings, 0, 0);
        BinaryPrimitives.WriteUInt16BigEndian(settings[FrameHeader..], 4); // INITIAL_WINDOW_SIZE
        BinaryPrimitives.WriteInt32BigEndian(settings[(FrameHeader + 2)..], _isSlow ? SlowWindow : Window);
        start.Write(settings);
        if (!_isSlow) start.Write<byte>(WindowFrame(0, Window - SlowWindow));
        Span<byte> header = stackalloc byte[FrameHeader];
        WriteHeader(header, block.WrittenCount, Headers, EndHeaders, 1);
        start.Write(header);
        start.Write(block.WrittenSpan);
        await WriteAsync(start.WrittenMemory, cancellationToken);
    }

    // A literal field without indexing whose name stands in the static table.
    private static void Field(ArrayBufferWriter<byte> block, byte index, string value)
    {
        block.Write<byte>([index]);
        Text(block, value);
    }

    private static void Named(ArrayBufferWriter<byte> block, string name, string value)
    {
        block.Write<byte>([0]);
        Text(block, name);
        Text(block, value);
    }

    private static void Text(ArrayBufferWriter<byte> block, string text)
    {
        if (text.Length >= 127) throw new ArgumentException("longer than one byte can tell", nameof(text));
        block.Write<byte>([(byte)text.Length]);
        block.Write<byte>(Encoding.ASCII.GetBytes(text));
    }

    private async Task<bool> ReadFrameAsync(CancellationToken cancellationToken)
    {
        if (!await FillAsync(FrameHeader, cancellationToken)) return false;
        var (length, type, flags) = Read(_buffer.AsSpan(_begin));
        if (!await FillAsync(FrameHeader + length, cancellationToken)) return false;
        var payload = _buffer.AsMemory(_begin + FrameHeader, length);
        _begin += FrameHeader + length;
        switch (type)
        {
            case Data:
                _message.Write(payload.Span);
                _isOver |= (flags & EndStream) != 0;
                if (_isSlow) await Task.Delay(_pause, cancellationToken);
                await ReturnAsync(length, cancellationToken);
                break;
            case Headers:
                RetryAfter ??= FindRetryAfter(payload.Span);
                _isOver |= (flags & EndStream) != 0;
                break;
            case Settings when (flags & Ack) == 0:
                await WriteAsync(new byte[] { 0, 0, 0, Settings, Ack, 0, 0, 0, 0 }, cancellationToken);
                break;
            case Ping when (flags & Ack) == 0:
                await WriteAsync((byte[])[0, 0, 8, Ping, Ack, 0, 0, 0, 0, .. payload.Span], cancellationToken);
                break;
            case Reset or GoAway:
                _isOver = true;
                break;
        }

        return true;
    }

    // The first time that a server writes a name of its own it writes it out, and there is but one call on a connection.
    private static TimeSpan? FindRetryAfter(ReadOnlySpan<byte> block)
    {
        var name = "grpc-retry-pushback-ms"u8;
        var place = block.IndexOf(name);
        if (place < 0 || place + name.Length >= block.Length) return null;
        var value = block[(place + name.Length + 1)..];
        var length = Math.Min(value.Length, block[place + name.Length] & 127);
        return int.TryParse(value[..length], CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }

    private async Task ReturnAsync(int length, CancellationToken cancellationToken)
    {
        _unreturned += length;
        if (_unreturned < (_isSlow ? SlowReturnAfter : ReturnAfter)) return;
        var returned = _unreturned;
        _unreturned = 0;
        await WriteAsync((byte[])[.. WindowFrame(0, returned), .. WindowFrame(1, returned)], cancellationToken);
    }

    private async Task<bool> FillAsync(int wanted, CancellationToken cancellationToken)
    {
        while (_end - _begin < wanted)
        {
            if (_begin > 0)
            {
                _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
                (_begin, _end) = (0, _end - _begin);
            }

            if (wanted > _buffer.Length) Array.Resize(ref _buffer, wanted);
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0) return false;
            _end += read;
            Received += read;
        }

        return true;
    }

    private ReadOnlyMemory<byte>? Whole()
    {
        var written = _message.WrittenSpan;
        if (written.Length < GrpcPrefix) return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(written[1..]);
        if (written.Length < GrpcPrefix + length) return null;
        _taken = GrpcPrefix + length;
        return _message.WrittenMemory.Slice(GrpcPrefix, length);
    }

    private void Drop()
    {
        if (_taken == 0) return;
        var rest = _message.WrittenSpan[_taken..].ToArray();
        _message.ResetWrittenCount();
        _message.Write(rest);
        _taken = 0;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            for (var sent = 0; sent < bytes.Length;) sent += await _socket.SendAsync(bytes[sent..], cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static byte[] WindowFrame(int stream, int size)
    {
        var frame = new byte[FrameHeader + 4];
        WriteHeader(frame, 4, WindowUpdate, 0, stream);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(FrameHeader), size);
        return frame;
    }

    private static void WriteHeader(Span<byte> frame, int length, byte type, byte flags, int stream)
    {
        (frame[0], frame[1], frame[2]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], stream);
    }

    private static (int Length, byte Type, byte Flags) Read(ReadOnlySpan<byte> header) =>
        (header[0] << 16 | header[1] << 8 | header[2], header[3], header[4]);
}
