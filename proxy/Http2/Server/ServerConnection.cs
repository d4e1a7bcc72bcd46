using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>A connection that a client has made.</summary>
internal sealed class ServerConnection(
    Stream stream, ConnectionContext context, ServerOptions options, DateText date, TimeProvider clock)
    : Http2Connection(stream, options.Settings, clock)
{
    private static readonly TimeSpan _glance = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _last; // that was served
    private int _highest; // that was seen
    private int _running;
    private bool _isLeaving;
    private bool _isFinal; // and nothing more begins
    private long _leavingSince;
    private bool _isOver;
    private long _idleSince = clock.GetTimestamp();

    public ConnectionContext Context => context;

    public ServerOptions Options => options;

    public DateText Date => date;

    /// <summary>Serves until the connection is over and the last request has ended.</summary>
    public async Task ServeAsync()
    {
        lock (Output.Gate) AddSettings(isClient: false);
        Output.Flush();
        var lifetime = context.Features.Get<IConnectionLifetimeNotificationFeature>();
        using var leaving = lifetime?.ConnectionClosedRequested.UnsafeRegister(
            static connection => ((ServerConnection)connection!).Leave(), this);
        await using var timer = Clock.CreateTimer(
            static connection => ((ServerConnection)connection!).Look(), this, _glance, _glance)
            .ConfigureAwait(false);
        await RunAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (Output.Gate)
        {
            _isOver = true;
            if (_running == 0) _idle.TrySetResult();
        }

        await _idle.Task.ConfigureAwait(false);
    }

    /// <summary>A request has been served, or will not be.</summary>
    public void Exit()
    {
        bool isDone;
        lock (Output.Gate)
        {
            _running--;
            isDone = _isFinal && !_isOver && _running == 0 && Streams.Count == 0;
            if (_isOver && _running == 0) _idle.TrySetResult();
        }

        if (isDone) _ = CloseAsync(); // ends the reading loop, which is awaited
    }

    /// <summary>The answer to a request is whole: nothing more of the request is wanted. Without any lock.</summary>
    public void Finish(ServerStream served)
    {
        var isUnread = false;
        lock (Output.Gate)
        {
            if (Streams.ContainsKey(served.Id) && served.IsLocalEnded && !served.IsRemoteEnded)
            {
                Output.Add(FrameType.RstStream, served.Id, (uint)Http2Error.NoError);
                Remove(served);
                isUnread = true;
            }
        }

        if (isUnread) Output.Flush();
        if (served.Incoming.Drop() is > 0 and var left) GiveBack(null, left);
    }

    /// <summary>Adds the head of an answer. Under the output's lock.</summary>
    public void AddHead(ServerStream served, bool endsStream)
    {
        var start = Output.BeginBlock();
        served.WriteHead(Encoder, Output);
        Output.EndBlock(start, served.Id, endsStream, LongestFrame);
        if (endsStream) EndLocal(served);
    }

    /// <summary>Adds the word that a body is wanted. Under the output's lock.</summary>
    public void AddContinue(ServerStream served)
    {
        var start = Output.BeginBlock();
        Encoder.Begin(Output);
        Encoder.Write(Output, ":status", "100");
        Output.EndBlock(start, served.Id, endsStream: false, LongestFrame);
    }

    /// <summary>Adds the trailers of an answer, with which it ends. Under the output's lock.</summary>
    public void AddTrailers(ServerStream served)
    {
        var start = Output.BeginBlock();
        served.WriteTrailers(Encoder, Output);
        Output.EndBlock(start, served.Id, endsStream: true, LongestFrame);
        EndLocal(served);
    }

    protected override int LastPeerStream => _last;

    protected override bool HasPreface => true;

    protected override (Http2Stream? Stream, Http2Error Error) Begin(int id)
    {
        lock (Output.Gate)
        {
            if (Streams.TryGetValue(id, out var known))
            {
                return (known, known.IsRemoteEnded ? Http2Error.StreamClosed : Http2Error.NoError);
            }

            if ((id & 1) == 0) return (null, Http2Error.Protocol);
            // it was reset here, and the peer did not know yet; or all of it is over
            if (id <= _highest || Failure is not null) return (null, Http2Error.NoError);
            _highest = id;
            if (_isFinal || _running >= Settings.MaxStreams) return (null, Http2Error.RefusedStream);
            _last = id;
            var stream = new ServerStream(this, id) { SendWindow = PeerWindow, ReceiveWindow = Settings.StreamWindow };
            Streams.Add(id, stream);
            _running++; // until it has been served, whatever becomes of the stream
            return (stream, Http2Error.NoError);
        }
    }

    protected override bool IsIdle(int id) => (id & 1) == 0 || id > _highest;

    protected override bool OwnsStream => false;

    // The pipes of Kestrel's connections end by their context, and their streams throw when they are disposed of.
    protected override void Cut() => context.Abort();

    protected override void ReceiveGoAway(int last, Http2Error error)
    {
        // the client begins nothing more, and closes when it has what it wants
    }

    protected override void Removed(Http2Stream stream)
    {
        if (Streams.Count == 0) _idleSince = Clock.GetTimestamp();
    }

    protected override void Ended()
    {
    }

    // New requests go elsewhere; those under way end here. What the client has begun before it knows is served too: it is told
    // first that the end is near, and only after a round trip which request was the last (RFC 9113 section 6.8).
    private void Leave()
    {
        lock (Output.Gate)
        {
            if (_isLeaving) return;
            (_isLeaving, _leavingSince) = (true, Clock.GetTimestamp());
            AddGoAway(Http2Error.NoError, FrameHeader.MostBits);
            Output.Add(FrameType.Ping, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
        }

        Output.Flush();
    }

    protected override void ReceivePong()
    {
        lock (Output.Gate)
        {
            if (!_isLeaving) return;
        }

        ConcludeLeaving();
    }

    private void ConcludeLeaving()
    {
        bool isDone;
        lock (Output.Gate)
        {
            if (_isFinal) return;
            _isFinal = true;
            AddGoAway(Http2Error.NoError, _last);
            isDone = _running == 0 && Streams.Count == 0;
        }

        Output.Flush();
        if (isDone) _ = CloseAsync(); // ends the reading loop, which is awaited
    }

    // However slowly the client reads: Kestrel cuts it off when the time for draining is over.
    private async Task CloseAsync()
    {
        await Output.EmptyAsync(Timeout.InfiniteTimeSpan, Clock).ConfigureAwait(false);
        Break(new IOException("The connection was closed."), isPolite: true);
    }

    // A head that does not come, a connection that nobody uses, a client that does not answer.
    private void Look()
    {
        bool isStuck, isIdle, isUnheard;
        lock (Output.Gate)
        {
            var since = BlockSince;
            isStuck = since != 0 && Clock.GetElapsedTime(since) >= options.Patience;
            isIdle = Streams.Count == 0 && _running == 0
                && Clock.GetElapsedTime(_idleSince) >= (IsGreeted ? options.IdleTimeout : options.Patience);
            isUnheard = _isLeaving && !_isFinal && Clock.GetElapsedTime(_leavingSince) >= _glance;
        }

        if (isStuck) Break(new TimeoutException("The fields of a request did not come."));
        else if (isUnheard) ConcludeLeaving();
        else if (isIdle && IsGreeted) Leave();
        else if (isIdle) Break(new TimeoutException("The preface of HTTP/2 did not come."));
    }
}
