using MeshOrleans.Proxy.Http2.Frames;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>An answer on its way: its head goes with the first of its body, its end with the last.</summary>
internal sealed class ResponseState(ServerStream stream)
{
    private const int UsualHeaders = 8;

    private List<(Func<object, Task> Call, object State)>? _starting;
    private List<(Func<object, Task> Call, object State)>? _completed;
    private HeaderDictionary? _trailers;
    private long? _left;
    private bool _isEnded;
    private int _status = StatusCodes.Status200OK;

    public HeaderDictionary Headers { get; private set; } = new(UsualHeaders);

    public HeaderDictionary Trailers => _trailers ??= [];

    public bool HasStarted { get; private set; }

    public int StatusCode
    {
        get => _status;
        set
        {
            if (HasStarted) throw new InvalidOperationException("The answer has begun: its status has been sent.");
            _status = value;
        }
    }

    public void OnStarting(Func<object, Task> call, object state) => (_starting ??= []).Add((call, state));

    public void OnCompleted(Func<object, Task> call, object state) => (_completed ??= []).Add((call, state));

    /// <summary>Forgets what was said and not sent.</summary>
    public void Clear(int status)
    {
        Headers = [];
        (_trailers, _starting) = (null, null);
        _status = status;
    }

    /// <summary>Sends the head, if it has not been.</summary>
    public async ValueTask StartAsync()
    {
        if (HasStarted) return;
        if (_starting is not null) await CallAsync(_starting).ConfigureAwait(false);
        AddHead(endsStream: false);
        stream.Connection.Output.Flush();
    }

    /// <summary>Sends some of the body.</summary>
    /// <exception cref="IOException">The client has gone, or does not want it.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!HasStarted && _starting is not null) return StartAndWriteAsync(bytes, cancellationToken);
        if (!HasStarted) AddHead(endsStream: false);
        if (_isEnded || bytes.IsEmpty || !MayHaveBody()) return Flushed();
        if (bytes.Length > _left) throw new InvalidOperationException("The body is longer than its Content-Length.");
        _left -= bytes.Length;
        _isEnded = _left == 0 && _trailers is not { Count: > 0 } && !Headers.ContainsKey("Trailer");
        return stream.Connection.SendAsync(stream, bytes, _isEnded, cancellationToken);
    }

    /// <summary>There is no more of it.</summary>
    public async Task CompleteAsync()
    {
        if (stream.Failure is not null) return;
        if (!HasStarted && _starting is not null) await CallAsync(_starting).ConfigureAwait(false);
        var hasTrailers = _trailers is { Count: > 0 };
        if (!HasStarted)
        {
            if (!hasTrailers && SaysLength()) Headers.ContentLength ??= 0;
            AddHead(endsStream: !hasTrailers);
        }
        else if (_left > 0 && MayHaveBody())
        {
            stream.Reset(Http2Error.Internal); // the client must not take a part for the whole
            return;
        }

        if (!_isEnded)
        {
            if (hasTrailers) AddTrailers();
            else await stream.Connection.SendAsync(stream, default, endsStream: true, default).ConfigureAwait(false);
        }

        _isEnded = true;
        stream.Connection.Output.Flush();
    }

    /// <summary>Tells those who wanted to know that it is over.</summary>
    public Task CompletedAsync() => _completed is null ? Task.CompletedTask : CallAsync(_completed);

    /// <summary>Tells the client that its body is wanted (RFC 9110 section 10.1.1).</summary>
    public void Continue()
    {
        lock (stream.Connection.Output.Gate)
        {
            if (HasStarted || stream.Failure is not null) return;
            stream.Server.AddContinue(stream);
        }

        stream.Connection.Output.Flush();
    }

    private async ValueTask StartAndWriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await CallAsync(_starting!).ConfigureAwait(false);
        _starting = null;
        await WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask Flushed()
    {
        stream.Connection.Output.Flush();
        return default;
    }

    private void AddHead(bool endsStream)
    {
        HasStarted = true;
        _left = Headers.ContentLength;
        lock (stream.Connection.Output.Gate)
        {
            if (stream.Failure is { } failure) throw new IOException(failure.Message, failure);
            stream.Server.AddHead(stream, endsStream);
        }

        _isEnded = endsStream;
    }

    private void AddTrailers()
    {
        lock (stream.Connection.Output.Gate)
        {
            if (stream.Failure is null) stream.Server.AddTrailers(stream);
        }
    }

    private bool MayHaveBody() =>
        stream.Head.Method != HttpMethods.Head && _status is not (204 or 205 or 304) && _status >= 200;

    private bool SaysLength() =>
        stream.Head.Method is not ("HEAD" or "CONNECT") && _status is not (204 or 205 or 304) && _status >= 200;

    // The last one first, as everywhere in ASP.NET.
    private static async Task CallAsync(List<(Func<object, Task> Call, object State)> calls)
    {
        for (var i = calls.Count - 1; i >= 0; i--) await calls[i].Call(calls[i].State).ConfigureAwait(false);
    }
}
