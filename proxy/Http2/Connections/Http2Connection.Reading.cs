using System.Buffers.Binary;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Http2.Connections;

// The reading loop, and what each kind of frame does.
internal abstract partial class Http2Connection
{
    /// <summary>So much may wait for a peer that does not read, in bytes.</summary>
    protected const int MostWaiting = 16 * 1024 * 1024; // bodies stop long before; answers to frames do not

    private const int SmallUpdate = 1024;

    private byte[] _block = [];
    private int _blockLength;
    private FrameHeader? _blockHeader;
    private bool _isGreeted;
    private bool _hasSettings;

    /// <summary>Whether the peer begins with the preface (RFC 9113 section 3.4).</summary>
    protected virtual bool HasPreface => false;

    /// <summary>Whether it has.</summary>
    protected bool IsGreeted => Volatile.Read(ref _isGreeted);

    /// <summary>Since when a block of fields has been incomplete, a timestamp; 0 when none is.</summary>
    protected long BlockSince { get; private set; }

    private async Task ReadAsync()
    {
        var failure = new IOException("The peer has closed the connection.") as Exception;
        var isPolite = false;
        try
        {
            while (TakeFrames())
            {
                GoOn();
                Output.Flush();
                MakeRoom();
                var read = await _stream.ReadAsync(_buffer.AsMemory(_end), _stopReading.Token).ConfigureAwait(false);
                isPolite = read == 0;
                if (isPolite) break;
                _end += read;
            }

            GoOn();
            if (_error is not Http2Error.NoError)
            {
                failure = new HttpProtocolException((long)_error, _reason, null);
                await SayWhyAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        finally
        {
            Break(failure, isPolite);
            var written = Output.CloseAsync();
            if (OwnsStream || !written.IsCompleted) Cut(); // what is still being written nobody reads
            await written.ConfigureAwait(false);
        }
    }

    /// <summary>The number of the last stream of the peer that was looked at.</summary>
    protected virtual int LastPeerStream => 0;

    /// <summary>A ping of this end has been answered. By the reading loop.</summary>
    protected virtual void ReceivePong()
    {
    }

    // The peer is to know before the connection ends; it may not be reading.
    private async Task SayWhyAsync()
    {
        lock (Output.Gate) AddGoAway(_error, LastPeerStream);
        Output.Flush();
        await Output.EmptyAsync(TimeSpan.FromSeconds(1), Clock).ConfigureAwait(false);
    }

    /// <summary>Tells the peer up to which stream its requests are served. Under the output's lock.</summary>
    protected void AddGoAway(Http2Error error, int last)
    {
        Span<byte> payload = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, last);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)error);
        Output.Add(FrameType.GoAway, 0, 0, payload);
    }

    private void GoOn()
    {
        // those who go on may make others ready only by another turn of the loop
        foreach (var stream in _ready)
        {
            stream.IsReady = false;
            stream.Signal();
        }

        _ready.Clear();
    }

    private void MakeRoom()
    {
        if (_start == _end) (_start, _end) = (0, 0);
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
    }

    // All whole frames that have come; false when the connection must end.
    private bool TakeFrames()
    {
        if (HasPreface && !_isGreeted)
        {
            switch (ClientPreface.Begins(_buffer.AsSpan(0, _end)))
            {
                case null: return true;
                case false: return Refuse(Http2Error.Protocol, "What begins here is not HTTP/2.");
            }

            _start = ClientPreface.Bytes.Length;
            Volatile.Write(ref _isGreeted, true);
        }

        while (_end - _start >= FrameHeader.Size)
        {
            var header = FrameHeader.Read(_buffer.AsSpan(_start));
            if (header.Length > LongestFrame) return Refuse(Http2Error.FrameSize, "A frame is too long.");
            if (_end - _start < FrameHeader.Size + header.Length) break;
            var payload = _buffer.AsSpan(_start + FrameHeader.Size, header.Length);
            _start += FrameHeader.Size + header.Length;
            if (!Take(header, payload)) return false;
        }

        lock (Output.Gate)
        {
            return Output.Waiting <= MostWaiting || Refuse(Http2Error.EnhanceYourCalm, "The peer does not read.");
        }
    }

    private bool Take(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_blockHeader is { } block && (header.Type is not FrameType.Continuation || header.StreamId != block.StreamId))
        {
            return Refuse(Http2Error.Protocol, "A block of fields was interrupted.");
        }

        if (!_hasSettings && header.Type is not FrameType.Settings)
        {
            return Refuse(Http2Error.Protocol, "SETTINGS come first.");
        }

        switch (header.Type)
        {
            case FrameType.Data: return TakeData(header, payload);
            case FrameType.Headers: return TakeHeaders(header, payload);
            case FrameType.Priority:
                if (header.StreamId == 0) return Refuse(Http2Error.Protocol, "PRIORITY of no stream.");
                if (payload.Length != 5) return Refuse(Http2Error.FrameSize, "PRIORITY of a wrong length.");
                return Spend(FrameBudget.Ordinary);
            case FrameType.RstStream: return TakeReset(header, payload);
            case FrameType.Settings: return TakeSettings(header, payload);
            case FrameType.PushPromise: return Refuse(Http2Error.Protocol, "Nothing may be pushed.");
            case FrameType.Ping: return TakePing(header, payload);
            case FrameType.GoAway: return TakeGoAway(header, payload);
            case FrameType.WindowUpdate: return TakeWindow(header, payload);
            case FrameType.Continuation: return TakeContinuation(header, payload);
            default: return Spend(FrameBudget.Idle);
        }
    }

    private bool TakeData(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0) return Refuse(Http2Error.Protocol, "DATA of no stream.");
        if (!TryTakePadding(header, ref payload)) return Refuse(Http2Error.Protocol, "Padding beyond its frame.");
        var endsStream = header.Has(FrameHeader.EndStream);
        if (payload.IsEmpty && !endsStream && !Spend(FrameBudget.Idle)) return false;
        Http2Stream? stream;
        var error = Http2Error.NoError;
        lock (Output.Gate)
        {
            ReceiveWindow -= header.Length;
            if (ReceiveWindow < 0) return Refuse(Http2Error.FlowControl, "More than the connection's window.");
            Streams.TryGetValue(header.StreamId, out stream);
            if (stream is null && IsIdle(header.StreamId)) return Refuse(Http2Error.Protocol, "DATA of a stream that is idle.");
            if (stream is { IsRemoteEnded: true }) error = Http2Error.StreamClosed;
            else if (stream is not null && (stream.ReceiveWindow -= header.Length) < 0) error = Http2Error.FlowControl;
        }

        var isKept = false;
        if (stream is not null && error is Http2Error.NoError) error = stream.Receive(payload, endsStream, out isKept);
        if (stream is not null && error is not Http2Error.NoError) ResetByFault(stream, error);
        var spare = isKept ? header.Length - payload.Length : header.Length;
        if (spare > 0) GiveBack(isKept ? stream : null, spare);
        if (stream is null || error is not Http2Error.NoError) return true;
        if (endsStream) EndRemote(stream);
        MakeReady(stream);
        return true;
    }

    private void EndRemote(Http2Stream stream)
    {
        stream.ReceiveEnd();
        lock (Output.Gate)
        {
            stream.IsRemoteEnded = true;
            if (stream.IsLocalEnded) Remove(stream);
        }
    }

    private void ResetByFault(Http2Stream stream, Http2Error error) =>
        Reset(stream, error, new HttpProtocolException((long)error, "The peer broke the protocol.", null));

    private bool TakeHeaders(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0) return Refuse(Http2Error.Protocol, "HEADERS of no stream.");
        if (!TryTakePadding(header, ref payload)) return Refuse(Http2Error.Protocol, "Padding beyond its frame.");
        if (header.Has(FrameHeader.WithPriority))
        {
            if (payload.Length < 5) return Refuse(Http2Error.FrameSize, "HEADERS without its priority.");
            payload = payload[5..];
        }

        if (header.Has(FrameHeader.EndHeaders)) return TakeBlock(header, payload);
        (_blockHeader, _blockLength, BlockSince) = (header, 0, Clock.GetTimestamp());
        return Gather(payload);
    }

    private bool TakeContinuation(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_blockHeader is not { } first) return Refuse(Http2Error.Protocol, "CONTINUATION of nothing.");
        if (payload.IsEmpty && !Spend(FrameBudget.Idle)) return false;
        if (!Gather(payload)) return false;
        if (!header.Has(FrameHeader.EndHeaders)) return true;
        (_blockHeader, BlockSince) = (null, 0);
        var taken = TakeBlock(first, _block.AsSpan(0, _blockLength));
        if (_block.Length > LongestFrame) _block = [];
        return taken;
    }

    private bool Gather(ReadOnlySpan<byte> payload)
    {
        // coded fields are hardly ever longer than what they stand for
        if (_blockLength + payload.Length > Settings.MaxFieldBytes + LongestFrame)
        {
            return Refuse(Http2Error.EnhanceYourCalm, "A block of fields is too long.");
        }

        if (_block.Length < _blockLength + payload.Length)
        {
            Array.Resize(ref _block, Math.Max(_blockLength + payload.Length, _block.Length * 2));
        }

        payload.CopyTo(_block.AsSpan(_blockLength));
        _blockLength += payload.Length;
        return true;
    }

    private bool TakeBlock(FrameHeader header, ReadOnlySpan<byte> block)
    {
        var (stream, error) = Begin(header.StreamId);
        if (stream is null && error is not Http2Error.NoError and not Http2Error.RefusedStream)
        {
            return Refuse(error, "HEADERS of a stream that may not be.");
        }

        var result = _decoder.Decode(block, error is Http2Error.NoError && stream is not null ? stream : Nobody.Instance);
        if (result is DecodeResult.Malformed) return Refuse(Http2Error.Compression, "Fields that cannot be read.");
        if (stream is null)
        {
            if (error is not Http2Error.RefusedStream) return Spend(FrameBudget.Ordinary);
            lock (Output.Gate) Output.Add(FrameType.RstStream, header.StreamId, (uint)error);
            return Spend(FrameBudget.Ordinary);
        }

        if (error is Http2Error.NoError) error = stream.EndFields(result, header.Has(FrameHeader.EndStream));
        if (error is not Http2Error.NoError)
        {
            ResetByFault(stream, error);
            return true;
        }

        if (header.Has(FrameHeader.EndStream)) EndRemote(stream);
        MakeReady(stream);
        return true;
    }

    private bool TakeReset(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4) return Refuse(Http2Error.FrameSize, "RST_STREAM of a wrong length.");
        if (header.StreamId == 0 || IsIdle(header.StreamId)) return Refuse(Http2Error.Protocol, "RST_STREAM of no stream.");
        if (!Spend(FrameBudget.Ordinary)) return false;
        var code = BinaryPrimitives.ReadUInt32BigEndian(payload);
        lock (Output.Gate)
        {
            if (!Streams.TryGetValue(header.StreamId, out var stream)) return true;
            Remove(stream);
            stream.IsUntouched = code == (uint)Http2Error.RefusedStream;
            stream.Fail(new HttpProtocolException(code, $"The peer has reset the stream (code {code}).", null));
            MakeReady(stream);
        }

        return true;
    }

    private bool TakeSettings(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0) return Refuse(Http2Error.Protocol, "SETTINGS of a stream.");
        if (!Spend(FrameBudget.Idle)) return false;
        if (header.Has(FrameHeader.Ack))
        {
            return payload.IsEmpty || Refuse(Http2Error.FrameSize, "SETTINGS were acknowledged with more.");
        }

        if (payload.Length % 6 != 0) return Refuse(Http2Error.FrameSize, "SETTINGS of a wrong length.");
        if (!Spend(FrameBudget.Ordinary * (payload.Length / 6))) return false;
        lock (Output.Gate)
        {
            if (!_hasSettings) PeerStreams = long.MaxValue; // unless it says otherwise
            _hasSettings = true;
            var window = PeerWindow;
            for (; !payload.IsEmpty; payload = payload[6..])
            {
                var (name, value) = (
                    BinaryPrimitives.ReadUInt16BigEndian(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[2..]));
                if (name == 4 && value <= FrameHeader.MostBits) window = value; // the last one counts
                else if (Set(name, value) is not Http2Error.NoError and var error) return Refuse(error, "SETTINGS out of range.");
            }

            if (!TrySetWindow(window)) return Refuse(Http2Error.FlowControl, "The window is too large.");
            Output.Add(FrameType.Settings, FrameHeader.Ack, 0, []);
        }

        SettingsTaken();
        return true;
    }

    /// <summary>The peer has said what it wants. By the reading loop, without any lock.</summary>
    protected virtual void SettingsTaken()
    {
    }

    private Http2Error Set(ushort name, uint value)
    {
        switch (name)
        {
            case 1: // HEADER_TABLE_SIZE
                Encoder.Resize((int)Math.Min(value, int.MaxValue));
                break;
            case 2: // ENABLE_PUSH
                if (value > 1) return Http2Error.Protocol;
                break;
            case 3: // MAX_CONCURRENT_STREAMS
                PeerStreams = value;
                break;
            case 4: // INITIAL_WINDOW_SIZE, beyond its range
                return Http2Error.FlowControl;
            case 5: // MAX_FRAME_SIZE: what is sent here is as long as everybody must take
                if (value is < LongestFrame or > 0xffffff) return Http2Error.Protocol;
                break;
            default:
                break;
        }

        return Http2Error.NoError;
    }

    private bool TrySetWindow(long window)
    {
        if (window == PeerWindow) return true;
        foreach (var stream in Streams.Values)
        {
            stream.SendWindow += window - PeerWindow;
            if (stream.SendWindow > FrameHeader.MostBits) return false;
            stream.OpenWindow();
        }

        PeerWindow = window;
        return true;
    }

    private bool TakePing(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0) return Refuse(Http2Error.Protocol, "PING of a stream.");
        if (payload.Length != 8) return Refuse(Http2Error.FrameSize, "PING of a wrong length.");
        if (header.Has(FrameHeader.Ack))
        {
            ReceivePong();
            return Spend(FrameBudget.Ordinary);
        }

        if (!Spend(FrameBudget.Idle)) return false;
        lock (Output.Gate) Output.Add(FrameType.Ping, FrameHeader.Ack, 0, payload);
        return true;
    }

    private bool TakeGoAway(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0) return Refuse(Http2Error.Protocol, "GOAWAY of a stream.");
        if (payload.Length < 8) return Refuse(Http2Error.FrameSize, "GOAWAY of a wrong length.");
        if (!Spend(FrameBudget.Idle)) return false;
        ReceiveGoAway(
            BinaryPrimitives.ReadInt32BigEndian(payload) & FrameHeader.MostBits,
            (Http2Error)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]));
        return true;
    }

    private bool TakeWindow(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4) return Refuse(Http2Error.FrameSize, "WINDOW_UPDATE of a wrong length.");
        var more = BinaryPrimitives.ReadUInt32BigEndian(payload) & FrameHeader.MostBits;
        // large ones have an end by themselves: more than 2^31 - 1 may not be open
        if (more < SmallUpdate && !Spend(FrameBudget.Ordinary)) return false;
        Http2Stream? stream = null;
        lock (Output.Gate)
        {
            if (header.StreamId == 0)
            {
                if (more == 0) return Refuse(Http2Error.Protocol, "WINDOW_UPDATE by nothing.");
                SendWindow += more;
                if (SendWindow > FrameHeader.MostBits) return Refuse(Http2Error.FlowControl, "The window is too large.");
                OpenWindows();
                return true;
            }

            if (!Streams.TryGetValue(header.StreamId, out stream))
            {
                return IsIdle(header.StreamId)
                    ? Refuse(Http2Error.Protocol, "WINDOW_UPDATE of a stream that is idle.")
                    : Spend(FrameBudget.Ordinary);
            }

            stream.SendWindow += more;
            stream.OpenWindow();
        }

        if (more == 0) ResetByFault(stream, Http2Error.Protocol);
        else if (stream.SendWindow > FrameHeader.MostBits) ResetByFault(stream, Http2Error.FlowControl);
        return true;
    }

    private static bool TryTakePadding(FrameHeader header, ref ReadOnlySpan<byte> payload)
    {
        if (!header.Has(FrameHeader.Padded)) return true;
        if (payload.IsEmpty || payload[0] >= payload.Length) return false;
        payload = payload[1..^payload[0]];
        return true;
    }

    private bool Spend(int cost) =>
        _budget.TrySpend(cost) || Refuse(Http2Error.EnhanceYourCalm, "Too many frames that ask for nothing.");

    private bool Refuse(Http2Error error, string reason)
    {
        (_error, _reason) = (error, reason);
        return false;
    }

    private sealed class Nobody : IFieldSink
    {
        public static Nobody Instance { get; } = new();

        public void Take(string name, string value)
        {
        }
    }
}
