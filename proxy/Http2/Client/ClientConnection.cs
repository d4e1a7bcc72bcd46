using System.Buffers;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>A connection of this end's own making, for requests.</summary>
internal sealed class ClientConnection : Http2Connection
{
    private readonly ConnectionPool _pool;
    private int _next = 1;
    private bool _isLeaving;
    private long _askedAt;
    private bool _isAsking;

    public ClientConnection(ConnectionPool pool, Stream stream, Http2Settings settings, TimeProvider clock)
        : base(stream, settings, clock)
    {
        (_pool, Since, IdleSince, _askedAt) = (pool, clock.GetTimestamp(), clock.GetTimestamp(), clock.GetTimestamp());
    }

    /// <summary>The fields of the block that is being read: it is read whole before another begins.</summary>
    public List<HeaderField> Fields { get; } = [];

    /// <summary>When it was made, a timestamp.</summary>
    public long Since { get; }

    /// <summary>Since when it has had no requests, a timestamp; meaningful when <see cref="Active"/> is 0.</summary>
    public long IdleSince { get; private set; }

    /// <summary>Requests under way.</summary>
    public int Active
    {
        get { lock (Output.Gate) return Streams.Count; }
    }

    /// <summary>No requests may begin on it any more.</summary>
    public bool IsSpent
    {
        get { lock (Output.Gate) return _isLeaving || Failure is not null; }
    }

    /// <summary>Begins to speak.</summary>
    public void Start()
    {
        lock (Output.Gate)
        {
            Output.Write(ClientPreface.Bytes);
            AddSettings(isClient: true);
        }

        Output.Flush();
        _ = RunAsync(); // awaited by DisposeAsync
    }

    /// <summary>Begins a request: its fields are on their way then.</summary>
    /// <returns>Null when the connection takes no more, or not now.</returns>
    public ClientStream? TryOpen(HttpRequestMessage request)
    {
        ClientStream? stream = null;
        bool isDead;
        lock (Output.Gate)
        {
            if (_isLeaving || Failure is not null || Streams.Count >= PeerStreams) return null;
            isDead = Output.Waiting > MostWaiting;
            if (!isDead) stream = Begin(request);
        }

        if (isDead) Break(new IOException("The peer does not read."));
        else if (request.Content is null) Output.Flush(); // else with the first of the body, or before it is waited for
        return stream;
    }

    // Under the lock.
    private ClientStream Begin(HttpRequestMessage request)
    {
        var stream = new ClientStream(this, _next, request) { SendWindow = PeerWindow, ReceiveWindow = Settings.StreamWindow };
        _next += 2;
        _isLeaving = _next >= FrameHeader.MostBits - 1;
        Streams.Add(stream.Id, stream);
        var start = Output.BeginBlock();
        RequestFields.Write(request, Encoder, Output);
        Output.EndBlock(start, stream.Id, request.Content is null, LongestFrame);
        if (request.Content is null) stream.IsLocalEnded = true;
        return stream;
    }

    /// <summary>No new requests; it ends with the last one under way.</summary>
    public void Leave()
    {
        bool isDone;
        lock (Output.Gate)
        {
            _isLeaving = true;
            isDone = Streams.Count == 0;
        }

        if (isDone) Close();
    }

    /// <summary>Asks whether the other end is still there; gives the connection up when it was asked and has not said.</summary>
    public void Probe()
    {
        if (Settings.PingInterval is not { } interval) return;
        bool isDead;
        lock (Output.Gate)
        {
            var waited = Clock.GetElapsedTime(_askedAt);
            isDead = _isAsking && waited >= Settings.PingTimeout;
            if (_isAsking ? !isDead : waited < interval) return;
            if (!isDead)
            {
                (_isAsking, _askedAt) = (true, Clock.GetTimestamp());
                Output.Add(FrameType.Ping, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
            }
        }

        if (isDead) Break(new IOException("The peer does not answer pings."));
        else Output.Flush();
    }

    protected override void ReceivePong()
    {
        lock (Output.Gate) _isAsking = false;
    }

    // A server begins nothing.
    protected override (Http2Stream? Stream, Http2Error Error) Begin(int id)
    {
        lock (Output.Gate)
        {
            if (!Streams.TryGetValue(id, out var stream))
            {
                return (null, IsIdle(id) ? Http2Error.Protocol : Http2Error.NoError);
            }

            return (stream, stream.IsRemoteEnded ? Http2Error.StreamClosed : Http2Error.NoError);
        }
    }

    protected override bool IsIdle(int id) => (id & 1) == 0 || id >= _next;

    protected override void ReceiveGoAway(int last, Http2Error error)
    {
        var untouched = new List<ClientStream>();
        lock (Output.Gate)
        {
            _isLeaving = true;
            foreach (var stream in Streams.Values)
            {
                if (stream.Id > last) untouched.Add((ClientStream)stream);
            }

            foreach (var stream in untouched)
            {
                stream.IsUntouched = true;
                Remove(stream);
                stream.Fail(new HttpProtocolException((long)Http2Error.RefusedStream, "The peer takes no more requests.", null));
            }
        }

        foreach (var stream in untouched) stream.Signal();
        CloseIfDone();
    }

    protected override void Removed(Http2Stream stream)
    {
        if (Streams.Count == 0) IdleSince = Clock.GetTimestamp();
        _pool.HasRoom();
    }

    protected override void SettingsTaken() => _pool.HasRoom();

    protected override void Ended() => _pool.Remove(this);

    /// <summary>Ends a connection that was to be left, once nothing is under way. Without any lock.</summary>
    public void CloseIfDone()
    {
        lock (Output.Gate)
        {
            if (!_isLeaving || Streams.Count > 0) return;
        }

        Close();
    }

    private void Close() => _ = CloseAsync();

    /// <summary>Takes leave of the peer and ends.</summary>
    public async Task CloseAsync()
    {
        lock (Output.Gate) AddGoAway(Http2Error.NoError, 0);
        Output.Flush();
        await Output.EmptyAsync(TimeSpan.FromSeconds(1), Clock).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }
}
