using System.Buffers.Binary;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>
/// One connection of HTTP/2 (RFC 9113), of either end: its reading loop, its windows, its streams. Whoever reads goes on
/// with what has come: first all frames that have arrived are taken, then those who wait for them go on, on the same thread.
/// </summary>
internal abstract partial class Http2Connection : IAsyncDisposable
{
    /// <summary>The longest payload that this end takes and sends, in bytes.</summary>
    public const int LongestFrame = 16 * 1024;

    protected const int DefaultWindow = 65535;

    private const int GivenBackAt = 8; // the part of a window that has been read

    private readonly Stream _stream;
    private readonly HpackDecoder _decoder;
    private readonly FrameBudget _budget;
    private readonly List<Http2Stream> _ready = [];
    private readonly byte[] _buffer = new byte[2 * (LongestFrame + FrameHeader.Size)];
    private readonly CancellationTokenSource _stopReading = new();
    private readonly List<Http2Stream> _waiting = []; // for a window; under the output's lock
    private int _start;
    private int _end;
    private Http2Error _error;
    private string _reason = "";
    private Task _running = Task.CompletedTask;
    private Exception? _failure;

    protected Http2Connection(Stream stream, Http2Settings settings, TimeProvider clock)
    {
        (_stream, Settings, Clock) = (stream, settings, clock);
        _decoder = new HpackDecoder(settings.MaxFieldBytes);
        _budget = new FrameBudget(clock);
        Output = new FrameOutput(stream, failure => Break(failure));
        ReceiveWindow = settings.ConnectionWindow;
    }

    public Http2Settings Settings { get; }

    public FrameOutput Output { get; }

    /// <summary>Those that are not over, by their numbers. Under the output's lock.</summary>
    protected Dictionary<int, Http2Stream> Streams { get; } = [];

    protected TimeProvider Clock { get; }

    /// <summary>Writes fields. Under the output's lock.</summary>
    protected HpackEncoder Encoder { get; } = new();

    /// <summary>How many bytes all streams together may send. Under the output's lock.</summary>
    protected long SendWindow { get; private set; } = DefaultWindow;

    /// <summary>What the peer lets every new stream send. Under the output's lock.</summary>
    protected long PeerWindow { get; private set; } = DefaultWindow;

    /// <summary>How many streams the peer takes at a time; before it has said so, a number that all take. Under the output's lock.</summary>
    protected long PeerStreams { get; private set; } = 100;

    /// <summary>Why it is over; null as long as it is not.</summary>
    protected Exception? Failure => Volatile.Read(ref _failure);

    private long ReceiveWindow { get; set; }

    private int Consumed { get; set; }

    /// <summary>Reads until either end is done; completes when all of it is over.</summary>
    protected Task RunAsync() => _running = ReadAsync();

    /// <summary>A block of fields begins a stream or continues one. By the reading loop.</summary>
    /// <param name="id">The stream's number.</param>
    /// <returns>The stream that takes the fields; null for nobody. The error, if it may not be.</returns>
    protected abstract (Http2Stream? Stream, Http2Error Error) Begin(int id);

    /// <summary>Whether a stream of this number has never been opened.</summary>
    protected abstract bool IsIdle(int id);

    /// <summary>The peer takes no streams above a number any more. By the reading loop.</summary>
    protected abstract void ReceiveGoAway(int last, Http2Error error);

    /// <summary>A stream is over and out of <see cref="Streams"/>. Under the output's lock.</summary>
    protected abstract void Removed(Http2Stream stream);

    /// <summary>Everything is over. Without any lock, once.</summary>
    protected abstract void Ended();

    /// <summary>Sends bytes of a stream, as far as the windows allow; waits for them to open.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="endsStream">Nothing follows.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">The stream has ended before its time.</exception>
    public ValueTask SendAsync(
        Http2Stream stream, ReadOnlyMemory<byte> bytes, bool endsStream, CancellationToken cancellationToken)
    {
        var sent = 0;
        bool isCrowded;
        lock (Output.Gate)
        {
            isCrowded = Output.IsCrowded;
            if (!isCrowded) sent = AddData(stream, bytes.Span, endsStream);
        }

        Output.Flush();
        return !isCrowded && sent == bytes.Length
            ? default
            : SendRestAsync(stream, bytes[sent..], endsStream, cancellationToken);
    }

    private async ValueTask SendRestAsync(
        Http2Stream stream, ReadOnlyMemory<byte> bytes, bool endsStream, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Output.RoomAsync(cancellationToken).ConfigureAwait(false);
            Task? window = null;
            lock (Output.Gate)
            {
                if (Output.IsCrowded) continue; // others were faster
                var sent = AddData(stream, bytes.Span, endsStream);
                if (sent == bytes.Length) bytes = default;
                else if (sent > 0) bytes = bytes[sent..];
                else window = WindowAsync(stream);
            }

            Output.Flush();
            if (bytes.IsEmpty) return;
            if (window is not null) await window.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Under the lock.
    private Task WindowAsync(Http2Stream stream)
    {
        if (!stream.IsWaiting) _waiting.Add(stream);
        stream.IsWaiting = true;
        return stream.WindowAsync();
    }

    // Under the lock: the connection's window has opened.
    private void OpenWindows()
    {
        foreach (var stream in _waiting)
        {
            stream.IsWaiting = false;
            stream.OpenWindow();
        }

        _waiting.Clear();
    }

    // Under the lock. Says how much of it fitted; that it ends the stream is said with the last of it.
    private int AddData(Http2Stream stream, ReadOnlySpan<byte> bytes, bool endsStream)
    {
        if ((stream.Failure ?? Failure) is { } failure) throw new IOException(failure.Message, failure);
        if (Output.IsClosed) throw new IOException("The connection was closed.");
        if (stream.IsLocalEnded) throw new InvalidOperationException("The stream has been ended.");
        var fitting = (int)Math.Min(bytes.Length, Math.Max(0, Math.Min(SendWindow, stream.SendWindow)));
        for (var at = 0; at < fitting || (at == 0 && bytes.IsEmpty && endsStream);)
        {
            var part = bytes.Slice(at, Math.Min(LongestFrame, fitting - at));
            at += part.Length;
            var isLast = endsStream && at == bytes.Length;
            Output.Add(FrameType.Data, isLast ? FrameHeader.EndStream : (byte)0, stream.Id, part);
            if (part.IsEmpty) break;
        }

        SendWindow -= fitting;
        stream.SendWindow -= fitting;
        if (endsStream && fitting == bytes.Length) EndLocal(stream);
        return fitting;
    }

    /// <summary>This end of a stream is done. Under the output's lock.</summary>
    protected void EndLocal(Http2Stream stream)
    {
        stream.IsLocalEnded = true;
        if (stream.IsRemoteEnded) Remove(stream);
    }

    /// <summary>Ends a stream before its time, and tells the peer. Without any lock.</summary>
    /// <param name="stream">The stream; one that is over stays as it is.</param>
    /// <param name="error">What the peer is told.</param>
    /// <param name="failure">What those are told who wait here.</param>
    public void Reset(Http2Stream stream, Http2Error error, Exception failure)
    {
        lock (Output.Gate)
        {
            if (!Streams.ContainsKey(stream.Id)) return;
            Output.Add(FrameType.RstStream, stream.Id, (uint)error);
            Remove(stream);
            stream.Fail(failure);
        }

        Output.Flush();
        stream.Signal();
    }

    /// <summary>Bytes of a stream were read, or thrown away: the peer may send as many again. Without any lock.</summary>
    /// <param name="stream">The stream; null when only the connection's window is meant.</param>
    /// <param name="count">How many.</param>
    public void GiveBack(Http2Stream? stream, int count)
    {
        var isDue = false;
        lock (Output.Gate)
        {
            Consumed += count;
            if (Consumed >= Settings.ConnectionWindow / GivenBackAt)
            {
                Output.Add(FrameType.WindowUpdate, 0, (uint)Consumed);
                (ReceiveWindow, Consumed, isDue) = (ReceiveWindow + Consumed, 0, true);
            }

            if (stream is { IsRemoteEnded: false, Failure: null })
            {
                stream.Consumed += count;
                if (stream.Consumed >= Settings.StreamWindow / GivenBackAt)
                {
                    Output.Add(FrameType.WindowUpdate, stream.Id, (uint)stream.Consumed);
                    (stream.ReceiveWindow, stream.Consumed, isDue) = (stream.ReceiveWindow + stream.Consumed, 0, true);
                }
            }
        }

        if (isDue) Output.Flush();
    }

    /// <summary>Waits for the end of everything.</summary>
    public async ValueTask DisposeAsync()
    {
        Break(new IOException("The connection was closed."));
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopReading.Dispose();
    }

    /// <summary>Cuts the connection; all streams fail. Without any lock; never throws.</summary>
    /// <param name="failure">What those are told who wait.</param>
    /// <param name="isPolite">Only nothing more is read: what was written arrives.</param>
    protected void Break(Exception failure, bool isPolite = false)
    {
        if (Interlocked.CompareExchange(ref _failure, failure, null) is not null) return;
        List<Http2Stream> streams;
        lock (Output.Gate)
        {
            streams = [.. Streams.Values];
            foreach (var stream in streams)
            {
                Remove(stream);
                stream.Fail(failure);
            }
        }

        foreach (var stream in streams) stream.Signal();
        if (!isPolite)
        {
            _ = Output.CloseAsync(); // the reading loop waits for it
            Cut();
        }

        StopReading();
        Ended();
    }

    /// <summary>Whether the bytes are this connection's to end when it is over.</summary>
    protected virtual bool OwnsStream => true;

    /// <summary>Ends the bytes themselves: what is being read or written fails.</summary>
    protected virtual void Cut() => _stream.Dispose();

    private void StopReading()
    {
        try
        {
            _stopReading.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // the loop has ended
        }
    }

    /// <summary>The settings and the window with which a connection begins. Under the output's lock.</summary>
    protected void AddSettings(bool isClient)
    {
        Span<byte> settings = stackalloc byte[4 * 6];
        var length = 0;
        if (isClient) length = Put(settings, length, 2, 0); // no pushes
        else length = Put(settings, length, 3, (uint)Settings.MaxStreams);
        length = Put(settings, length, 4, (uint)Settings.StreamWindow);
        length = Put(settings, length, 6, (uint)Settings.MaxFieldBytes);
        if (!isClient) length = Put(settings, length, 8, 1); // RFC 8441: WebSockets
        Output.Add(FrameType.Settings, 0, 0, settings[..length]);
        if (Settings.ConnectionWindow > DefaultWindow)
        {
            Output.Add(FrameType.WindowUpdate, 0, (uint)(Settings.ConnectionWindow - DefaultWindow));
        }

        static int Put(Span<byte> settings, int at, ushort name, uint value)
        {
            BinaryPrimitives.WriteUInt16BigEndian(settings[at..], name);
            BinaryPrimitives.WriteUInt32BigEndian(settings[(at + 2)..], value);
            return at + 6;
        }
    }

    /// <summary>Takes a stream out, if it is still in. Under the output's lock.</summary>
    protected void Remove(Http2Stream stream)
    {
        if (Streams.Remove(stream.Id)) Removed(stream);
    }

    private void MakeReady(Http2Stream stream)
    {
        if (stream.IsReady) return;
        stream.IsReady = true;
        _ready.Add(stream);
    }
}
