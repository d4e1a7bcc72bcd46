using System.Buffers;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>One call as its handler sees it. At most one read and one write may be under way at a time.</summary>
public sealed class GrpcServerCall
{
    private const int PieceSize = 64 * 1024; // as much as Kestrel takes before it makes a writer wait
    private readonly GrpcFrameReader _reader;

    internal GrpcServerCall(HttpContext httpContext, int maxMessageSize, CancellationToken cancellationToken)
    {
        HttpContext = httpContext;
        CancellationToken = cancellationToken;
        _reader = new GrpcFrameReader(httpContext.Request.BodyReader, maxMessageSize);
    }

    /// <summary>The HTTP/2 stream below: connection, features, client certificate.</summary>
    public HttpContext HttpContext { get; }

    /// <summary>Cancelled when the caller goes away or its deadline passes.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>One value of the call's metadata; null when it was not sent.</summary>
    public string? Metadata(string name) =>
        HttpContext.Request.Headers.TryGetValue(name, out var value) ? value : (string?)null;

    /// <summary>The next message; null when the caller has finished sending.</summary>
    /// <exception cref="GrpcException">The caller broke a rule of the framing; let it end the call.</exception>
    public ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancellationToken)
        where T : class, IMessage<T> => _reader.ReadAsync(parser, cancellationToken);

    /// <summary>Sends the headers now: they tell the caller that its call is taken up.</summary>
    public ValueTask StartAsync(CancellationToken cancellationToken)
    {
        StartResponse();
        return FlushAsync(cancellationToken);
    }

    /// <summary>Sends a message; completes when the connection has taken it.</summary>
    public ValueTask WriteAsync(IMessage message, CancellationToken cancellationToken)
    {
        StartResponse();
        GrpcFrameWriter.Write(HttpContext.Response.BodyWriter, message);
        return FlushAsync(cancellationToken);
    }

    /// <summary>
    /// Sends a message that is serialized already, piece by piece: what a slow caller has not taken yet is not copied.
    /// Completes when the connection has taken all of it.
    /// </summary>
    /// <param name="serialized">The message.</param>
    /// <param name="onProgress">Called whenever the connection has taken a piece but the last; null if nobody waits.</param>
    /// <param name="cancellationToken">
    /// Gives up. The message may have been sent in part then: nothing can follow it, not even a status.
    /// </param>
    public async ValueTask WriteAsync(
        ReadOnlySequence<byte> serialized, Action? onProgress, CancellationToken cancellationToken)
    {
        StartResponse();
        var output = HttpContext.Response.BodyWriter;
        GrpcFrameWriter.WritePrefix(output, checked((int)serialized.Length));
        while (true)
        {
            var piece = serialized.Slice(0, Math.Min(serialized.Length, PieceSize));
            foreach (var segment in piece) output.Write(segment.Span);
            serialized = serialized.Slice(piece.End);
            await FlushAsync(cancellationToken);
            if (serialized.IsEmpty) return;
            onProgress?.Invoke();
        }
    }

    private void StartResponse()
    {
        if (!HttpContext.Response.HasStarted) HttpContext.Response.ContentType = GrpcHeaders.ContentType;
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        // The flush is done when flow control has let everything out: this is the back-pressure of the stream.
        var result = await HttpContext.Response.BodyWriter.FlushAsync(cancellationToken);
        if (result.IsCompleted) throw new OperationCanceledException("The caller is gone.", HttpContext.RequestAborted);
    }
}
