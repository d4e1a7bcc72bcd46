using System.Buffers.Binary;
using System.Threading.Channels;
using Google.Protobuf;

namespace MeshOrleans.Xds.Tests.Raw;

/// <summary>One HTTP/2 stream and the gRPC messages on it. It sends what it is told to, right or wrong.</summary>
internal sealed class RawStream(RawConnection connection, int id)
{
    private readonly Channel<byte[]> _messages = Channel.CreateUnbounded<byte[]>();
    private readonly Dictionary<string, string> _headers = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<StreamEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _partial = [];
    private long _received;

    public int Id => id;

    /// <summary>How many bytes of DATA have come.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Whether the end has come.</summary>
    public bool IsOver => _end.Task.IsCompleted;

    /// <summary>One message in a gRPC frame.</summary>
    public static byte[] GrpcFrame(byte[] message, byte compressed = 0)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = compressed;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public Task SendAsync(IMessage message) => SendBytesAsync(GrpcFrame(message.ToByteArray()));

    /// <summary>
    /// Sends bytes as DATA. The server's windows are not looked at: a test sends less than Kestrel's 768 KiB.
    /// </summary>
    public async Task SendBytesAsync(byte[] bytes)
    {
        foreach (var piece in bytes.Chunk(16_384)) await connection.SendAsync(Frame.Data(id, piece));
    }

    public Task FinishAsync() => connection.SendAsync(Frame.Data(id, [], isLast: true));

    public Task ResetAsync() => connection.SendAsync(Frame.RstStream(id, 8));

    /// <summary>Lets the server send so many bytes more.</summary>
    public Task GrantAsync(int bytes) => connection.SendAsync(Frame.WindowUpdate(id, bytes));

    /// <summary>The next message; null when the stream is over.</summary>
    public async Task<byte[]?> NextAsync()
    {
        using var patience = new CancellationTokenSource(RawConnection.Patience);
        try
        {
            return await _messages.Reader.WaitToReadAsync(patience.Token) && _messages.Reader.TryRead(out var message)
                ? message
                : null;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Neither a message nor the end has come on stream {id}.");
        }
    }

    /// <summary>How the stream ends, whatever comes before.</summary>
    public async Task<StreamEnd> EndAsync()
    {
        try
        {
            return await _end.Task.WaitAsync(RawConnection.Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Stream {id} was to end and has not.");
        }
    }

    internal void OnHeaders(Dictionary<string, string> headers, bool isLast)
    {
        foreach (var (name, value) in headers) _headers[name] = value;
        if (isLast) End(new StreamEnd(_headers));
    }

    internal void OnData(byte[] payload, bool isLast)
    {
        Interlocked.Add(ref _received, payload.Length);
        byte[] all = [.. _partial, .. payload];
        var bytes = all.AsSpan();
        while (bytes.Length >= 5 && BinaryPrimitives.ReadInt32BigEndian(bytes[1..]) + 5 is var length
            && bytes.Length >= length)
        {
            Assert.Equal(0, bytes[0]); // a compressed message was never offered
            _messages.Writer.TryWrite(bytes[5..length].ToArray());
            bytes = bytes[length..];
        }

        _partial = bytes.ToArray();
        if (isLast) End(new StreamEnd(_headers));
    }

    internal void OnReset(uint code) => End(new StreamEnd(_headers, ResetCode: code));

    internal void OnLost() => End(new StreamEnd(_headers, IsConnectionLost: true));

    private void End(StreamEnd end)
    {
        _end.TrySetResult(end);
        _messages.Writer.TryComplete();
    }
}
