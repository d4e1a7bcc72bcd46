using System.Buffers;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Hpack;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>A request and its answer: what has come of the one, what has gone of the other.</summary>
internal sealed class ServerStream : Http2Stream, IDisposable
{
    private readonly RequestHead _head = new();
    private long _received;
    private bool _hasHead;
    private int _isServed;
    private bool _isTooLong;
    private CancellationTokenSource? _aborted;
    private bool _isAborted;
    private bool _isDone;

    public ServerStream(ServerConnection connection, int id)
        : base(connection, id)
    {
        Server = connection;
        Response = new ResponseState(this);
    }

    public ServerConnection Server { get; }

    public RequestHead Head => _head;

    public ResponseState Response { get; }

    /// <summary>The request has, or may have, a body.</summary>
    public bool HasBody { get; private set; }

    /// <summary>Fires when nobody waits for the answer any more.</summary>
    public CancellationToken Aborted
    {
        get
        {
            lock (Connection.Output.Gate)
            {
                if (_isDone) return CancellationToken.None;
                if (_aborted is null)
                {
                    _aborted = new CancellationTokenSource();
                    if (_isAborted) _aborted.Cancel(); // nobody can have registered yet
                }

                return _aborted.Token;
            }
        }
    }

    public override void Take(string name, string value)
    {
        if (!_hasHead) _head.Add(name, value);
    }

    public override Http2Error EndFields(DecodeResult result, bool endsStream)
    {
        if (_hasHead)
        {
            // trailers: nothing behind this server takes them
            return endsStream ? CheckLength() : Http2Error.Protocol;
        }

        _hasHead = true;
        HasBody = !endsStream;
        _isTooLong = result is DecodeResult.TooLong;
        if (_isTooLong) return Http2Error.NoError;
        return !_head.TryFinish() ? Http2Error.Protocol : endsStream ? CheckLength() : Http2Error.NoError;
    }

    public override Http2Error Receive(ReadOnlySpan<byte> bytes, bool endsStream, out bool isKept)
    {
        isKept = false;
        _received += bytes.Length;
        if (_head.Length is { } length && _received > length) return Http2Error.Protocol;
        if (endsStream && CheckLength() is not Http2Error.NoError and var error) return error;
        return base.Receive(bytes, endsStream, out isKept);
    }

    public override void Signal()
    {
        if ((_hasHead || Failure is not null) && Interlocked.Exchange(ref _isServed, 1) == 0)
        {
            if (Failure is null) _ = ServeAsync(); // counted by the connection, which waits for it
            else GiveUp();
        }

        base.Signal();
        if (Failure is not null) Abort();
    }

    /// <summary>It has been served.</summary>
    public void Dispose()
    {
        lock (Connection.Output.Gate)
        {
            _isDone = true;
            _aborted?.Dispose();
        }
    }

    /// <summary>Ends it before its time.</summary>
    public void Reset(Http2Error error) =>
        Connection.Reset(this, error, new OperationCanceledException("The request was given up."));

    public void WriteHead(HpackEncoder encoder, IBufferWriter<byte> output)
    {
        encoder.Begin(output);
        encoder.Write(output, ":status", StatusText.Of(Response.StatusCode));
        foreach (var (name, values) in Response.Headers) Write(encoder, output, name, values);
        if (!Response.Headers.ContainsKey("Date")) encoder.Write(output, "date", Server.Date.Now);
    }

    public void WriteTrailers(HpackEncoder encoder, IBufferWriter<byte> output)
    {
        encoder.Begin(output);
        foreach (var (name, values) in Response.Trailers) Write(encoder, output, name, values);
    }

    private static void Write(HpackEncoder encoder, IBufferWriter<byte> output, string name, StringValues values)
    {
        var lower = LowerCase.Of(name);
        if (FieldRules.IsOfTheHop(lower)) return;
        foreach (var value in values) encoder.Write(output, lower, value ?? "");
    }

    private async Task ServeAsync()
    {
        var features = new StreamFeatures(this, new OutgoingBody(Response));
        var context = new DefaultHttpContext(features);
        try
        {
            if (_isTooLong) Response.StatusCode = StatusCodes.Status431RequestHeaderFieldsTooLarge;
            else await Server.Options.Serve(context).ConfigureAwait(false);
            await Response.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception) when (Failure is null && !Response.HasStarted)
        {
            Response.Clear(StatusCodes.Status500InternalServerError);
            await Response.CompleteAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!Response.HasStarted) Reset(Http2Error.Internal);
        }
        catch (Exception)
        {
            Reset(Http2Error.Internal); // a stream that is over stays as it is
        }
        finally
        {
            Server.Finish(this);
            await Response.CompletedAsync().ConfigureAwait(false);
            Dispose();
            Server.Exit();
        }
    }

    // Nobody has begun to serve it.
    private void GiveUp()
    {
        Server.Finish(this);
        Server.Exit();
    }

    private Http2Error CheckLength() =>
        _head.Length is { } length && length != _received ? Http2Error.Protocol : Http2Error.NoError;

    private void Abort()
    {
        CancellationTokenSource? aborted;
        lock (Connection.Output.Gate)
        {
            if (_isAborted) return;
            _isAborted = true;
            aborted = _aborted;
        }

        try
        {
            aborted?.Cancel();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or AggregateException)
        {
            // it has just been served; or somebody's callback, which is none of the connection's business
        }
    }
}
