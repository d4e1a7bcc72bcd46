using System.Collections;
using System.IO.Pipelines;
using System.Net;
using MeshOrleans.Proxy.Http2.Frames;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>What an <see cref="HttpContext"/> is made of; what is not of the request is the connection's.</summary>
internal sealed class StreamFeatures : IFeatureCollection, IHttpRequestFeature, IHttpResponseFeature, IHttpResponseBodyFeature,
    IHttpRequestLifetimeFeature, IHttpRequestBodyDetectionFeature, IHttpResponseTrailersFeature, IHttpResetFeature,
    IHttpConnectionFeature, IHttpExtendedConnectFeature
{
    private readonly ServerStream _stream;
    private readonly Stream _outgoing;
    private Dictionary<Type, object>? _further;
    private IHeaderDictionary _headers;
    private CancellationToken? _aborted;
    private PipeWriter? _writer;
    private string? _connectionId;

    public StreamFeatures(ServerStream stream, Stream outgoing)
    {
        (_stream, _outgoing) = (stream, outgoing);
        var head = stream.Head;
        (Method, Scheme, RawTarget, _headers) = (head.Method, head.Scheme, head.Target, head.Headers);
        var query = RawTarget.IndexOf('?');
        Path = query < 0 ? RawTarget : RawTarget[..query];
        QueryString = query < 0 ? "" : RawTarget[query..];
        Body = stream.HasBody ? new IncomingBody(stream) : Stream.Null;
        var context = stream.Server.Context;
        SetAddresses(context.LocalEndPoint as IPEndPoint, context.RemoteEndPoint as IPEndPoint);
    }

    // IFeatureCollection

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            if (_further is not null && _further.TryGetValue(key, out var set)) return set;
            return IsOwn(key) ? this : _stream.Server.Context.Features[key];
        }

        set
        {
            Revision++;
            if (value is null) _further?.Remove(key);
            else (_further ??= [])[key] = value;
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() =>
        (_further ?? Enumerable.Empty<KeyValuePair<Type, object>>()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // IHttpRequestFeature

    public string Protocol { get; set; } = HttpProtocol.Http2;

    public string Scheme { get; set; }

    public string Method { get; set; }

    public string PathBase { get; set; } = "";

    public string Path { get; set; }

    public string QueryString { get; set; }

    public string RawTarget { get; set; }

    IHeaderDictionary IHttpRequestFeature.Headers
    {
        get => _headers;
        set => _headers = value;
    }

    public Stream Body { get; set; }

    // IHttpResponseFeature

    public int StatusCode
    {
        get => _stream.Response.StatusCode;
        set => _stream.Response.StatusCode = value;
    }

    public string? ReasonPhrase { get; set; }

    IHeaderDictionary IHttpResponseFeature.Headers
    {
        get => _stream.Response.Headers;
        set => throw new NotSupportedException();
    }

    Stream IHttpResponseFeature.Body
    {
        get => _outgoing;
        set => throw new NotSupportedException();
    }

    public bool HasStarted => _stream.Response.HasStarted;

    public void OnStarting(Func<object, Task> callback, object state) => _stream.Response.OnStarting(callback, state);

    public void OnCompleted(Func<object, Task> callback, object state) => _stream.Response.OnCompleted(callback, state);

    // IHttpResponseBodyFeature

    Stream IHttpResponseBodyFeature.Stream => _outgoing;

    public PipeWriter Writer => _writer ??= new OutgoingWriter(_stream.Response, _outgoing);

    public void DisableBuffering()
    {
    }

    public Task StartAsync(CancellationToken cancellationToken = default) => _stream.Response.StartAsync().AsTask();

    public Task SendFileAsync(
        string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public async Task CompleteAsync()
    {
        if (_writer is not null) await _writer.FlushAsync().ConfigureAwait(false);
        await _stream.Response.CompleteAsync().ConfigureAwait(false);
    }

    // IHttpRequestLifetimeFeature

    public CancellationToken RequestAborted
    {
        get => _aborted ?? _stream.Aborted;
        set => _aborted = value;
    }

    public void Abort() => _stream.Reset(Http2Error.Internal);

    // IHttpRequestBodyDetectionFeature

    public bool CanHaveBody => _stream.HasBody;

    // IHttpResponseTrailersFeature

    public IHeaderDictionary Trailers
    {
        get => _stream.Response.Trailers;
        set => throw new NotSupportedException();
    }

    // IHttpResetFeature

    public void Reset(int errorCode) => _stream.Reset((Http2Error)errorCode);

    // IHttpConnectionFeature

    public string ConnectionId
    {
        get => _connectionId ?? _stream.Server.Context.ConnectionId;
        set => _connectionId = value;
    }

    public IPAddress? RemoteIpAddress { get; set; }

    public IPAddress? LocalIpAddress { get; set; }

    public int RemotePort { get; set; }

    public int LocalPort { get; set; }

    // IHttpExtendedConnectFeature

    public bool IsExtendedConnect => _stream.Head.Protocol is not null;

    string? IHttpExtendedConnectFeature.Protocol => _stream.Head.Protocol;

    public async ValueTask<Stream> AcceptAsync()
    {
        if (!IsExtendedConnect) throw new InvalidOperationException("Nobody asked for a tunnel.");
        await _stream.Response.StartAsync().ConfigureAwait(false);
        return new TunnelStream(Body, _outgoing);
    }

    private static bool IsOwn(Type key) =>
        key == typeof(IHttpRequestFeature) || key == typeof(IHttpResponseFeature) || key == typeof(IHttpResponseBodyFeature)
        || key == typeof(IHttpRequestLifetimeFeature) || key == typeof(IHttpConnectionFeature)
        || key == typeof(IHttpRequestBodyDetectionFeature) || key == typeof(IHttpResponseTrailersFeature)
        || key == typeof(IHttpExtendedConnectFeature) || key == typeof(IHttpResetFeature);

    private void SetAddresses(IPEndPoint? local, IPEndPoint? remote)
    {
        (LocalIpAddress, LocalPort) = (local?.Address, local?.Port ?? 0);
        (RemoteIpAddress, RemotePort) = (remote?.Address, remote?.Port ?? 0);
    }
}
