using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;

namespace MeshOrleans.Xds.Tests.Raw;

/// <summary>
/// An HTTP/2 connection by hand. It answers what a peer must answer (SETTINGS, PING) and nothing else: how much the
/// server may send on a stream, and everything that goes wrong, is up to the test.
/// </summary>
internal sealed class RawConnection : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private const ushort HeaderTableSize = 1;
    private const ushort EnablePush = 2;

    private readonly TcpClient _client;
    private readonly Stream _transport;
    private readonly string _scheme;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<int, RawStream> _streams = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _pings = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _disposed = new();
    private Task _reading = Task.CompletedTask;
    private int _lastId = -1;
    private long _lastPing;

    private RawConnection(TcpClient client, Stream transport, string scheme) =>
        (_client, _transport, _scheme) = (client, transport, scheme);

    /// <summary>The code of the GOAWAY that has come; null before.</summary>
    public uint? GoAway { get; private set; }

    public bool IsClosed => _closed.Task.IsCompleted;

    /// <summary>Connects and opens the connection's own window wide; those of streams are opened one by one.</summary>
    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port);
        Stream transport = client.GetStream();
        if (address.Scheme == "https")
        {
            var tls = new SslStream(transport);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = address.Host,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            });
            transport = tls;
        }

        var connection = new RawConnection(client, transport, address.Scheme);
        await connection.SendBytesAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await connection.SendAsync(
            Frame.Settings((HeaderTableSize, 0), (EnablePush, 0)), Frame.WindowUpdate(0, 1 << 30));
        connection._reading = connection.ReadAsync();
        return connection;
    }

    /// <summary>Opens a stream with a POST of gRPC.</summary>
    /// <param name="path">The method.</param>
    /// <param name="window">How many bytes the server may send beyond the 65,535 of the protocol.</param>
    /// <param name="more">Further headers; one of the same name replaces the usual one.</param>
    public async Task<RawStream> PostAsync(
        string path, int window = 32 << 20, params (string Name, string Value)[] more)
    {
        var stream = NewStream();
        var frame = new Frame(FrameType.Headers, Frame.EndHeaders, stream.Id, Headers(path, more));
        if (window > 0) await SendAsync(frame, Frame.WindowUpdate(stream.Id, window));
        else await SendAsync(frame);
        return stream;
    }

    /// <summary>A stream of which nothing has been sent yet.</summary>
    public RawStream NewStream()
    {
        var id = Interlocked.Add(ref _lastId, 2);
        return _streams[id] = new RawStream(this, id);
    }

    public byte[] Headers(string path, params (string Name, string Value)[] more)
    {
        (string Name, string Value)[] usual =
        [
            (":method", "POST"), (":scheme", _scheme), (":authority", "localhost"), (":path", path),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ];
        return HeaderBlock.Write(
            usual.Where(u => more.All(m => m.Name != u.Name)).Concat(more).OrderBy(h => h.Name[0] != ':'));
    }

    /// <summary>Sends frames in one piece.</summary>
    public Task SendAsync(params Frame[] frames) => SendBytesAsync([.. frames.SelectMany(f => f.ToBytes())]);

    /// <summary>Sends bytes of any kind.</summary>
    public async Task SendBytesAsync(byte[] bytes)
    {
        await _sending.WaitAsync(_disposed.Token);
        try
        {
            await _transport.WriteAsync(bytes, _disposed.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Waits until the server has read everything that was sent before.</summary>
    public async Task PingAsync()
    {
        var number = Interlocked.Increment(ref _lastPing);
        var answered = _pings[number] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(Frame.Ping(number));
        if (await Task.WhenAny(answered.Task, _closed.Task).WaitAsync(Patience) == answered.Task) return;
        throw new IOException($"The server has closed the connection (GOAWAY {GoAway}).");
    }

    /// <summary>Waits for the server to end the connection.</summary>
    public async Task ClosedAsync()
    {
        try
        {
            await _closed.Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException("The server was to end the connection and has not.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _reading;
        await _transport.DisposeAsync();
        _client.Dispose();
        _sending.Dispose();
        _disposed.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            var header = new byte[Frame.HeaderLength];
            while (true)
            {
                await _transport.ReadExactlyAsync(header, _disposed.Token);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >>> 8];
                await _transport.ReadExactlyAsync(payload, _disposed.Token);
                var id = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue;
                await OnFrameAsync(new Frame((FrameType)header[3], header[4], id, payload));
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            // The server has ended the connection, or the test has.
        }
        finally
        {
            _closed.TrySetResult();
            foreach (var stream in _streams.Values) stream.OnLost();
        }
    }

    private async Task OnFrameAsync(Frame frame)
    {
        var stream = _streams.GetValueOrDefault(frame.StreamId);
        switch (frame.Type)
        {
            case FrameType.Settings when !frame.Has(Frame.Ack):
                await SendAsync(new Frame(FrameType.Settings, Frame.Ack, 0, []));
                break;
            case FrameType.Ping when !frame.Has(Frame.Ack):
                await SendAsync(frame with { Flags = Frame.Ack });
                break;
            case FrameType.Ping when _pings.TryRemove(BinaryPrimitives.ReadInt64BigEndian(frame.Payload), out var ping):
                ping.TrySetResult();
                break;
            case FrameType.GoAway:
                GoAway = BinaryPrimitives.ReadUInt32BigEndian(frame.Payload.AsSpan(4));
                break;
            case FrameType.Headers:
                Assert.True(frame.Has(Frame.EndHeaders), "Headers of more than one frame are not read.");
                stream?.OnHeaders(HeaderBlock.Read(frame.Payload), frame.Has(Frame.EndStream));
                break;
            case FrameType.Data:
                stream?.OnData(frame.Payload, frame.Has(Frame.EndStream));
                break;
            case FrameType.RstStream:
                stream?.OnReset(BinaryPrimitives.ReadUInt32BigEndian(frame.Payload));
                break;
        }
    }
}
