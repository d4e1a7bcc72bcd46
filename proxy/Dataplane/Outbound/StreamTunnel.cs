using System.IO.Pipelines;
using System.Net;
using MeshOrleans.Proxy.Dataplane.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// A tunnel in one stream of HTTP/2, as a connection: what the client sends is the body of its request, what it gets that of
/// the answer. Source: RFC 9113 section 8.5.
/// </summary>
internal sealed class StreamTunnel(HttpContext context, ConnectionContext client, IFeatureCollection features)
    : ConnectionContext, IDuplexPipe
{
    private const int ConnectError = 0xa; // RFC 9113 section 7

    private IDuplexPipe? _transport;

    public override string ConnectionId { get; set; } = context.TraceIdentifier;

    public override IFeatureCollection Features => features;

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport
    {
        get => _transport ?? this;
        set => _transport = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => client.LocalEndPoint;
        set => throw new NotSupportedException();
    }

    public override EndPoint? RemoteEndPoint
    {
        get => client.RemoteEndPoint;
        set => throw new NotSupportedException();
    }

    public override CancellationToken ConnectionClosed
    {
        get => context.RequestAborted;
        set => throw new NotSupportedException();
    }

    public PipeReader Input => context.Request.BodyReader;

    public PipeWriter Output => context.Response.BodyWriter;

    /// <summary>The tunnel begins.</summary>
    public async ValueTask AcceptAsync()
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        await Output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <inheritdoc cref="ConnectReply.RefuseAsync"/>
    public async ValueTask RefuseAsync(int status, string body, bool isOverloaded)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentLength = body.Length;
        if (isOverloaded) response.Headers[HopHeaders.Overloaded] = "true";
        if (body.Length == 0) return;
        response.ContentType = "text/plain";
        await response.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (context.Features.Get<IHttpResetFeature>() is { } stream) stream.Reset(ConnectError);
        else context.Abort();
    }
}
