using System.Net;
using Google.Protobuf;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Calls methods of one server over HTTP/2. The handler, and with it TLS, belongs to the caller.</summary>
/// <param name="invoker">Sends the requests; see <see cref="CreateHandler"/>.</param>
/// <param name="address">Scheme, host and port; with <c>http</c>, HTTP/2 is spoken from the first byte.</param>
/// <param name="clock">Keeps the deadlines.</param>
public sealed class GrpcChannel(HttpMessageInvoker invoker, Uri address, TimeProvider clock)
{
    /// <summary>
    /// A handler for long streams: pings after 2 s of silence while a call is open and gives the connection up after
    /// another 1.5 s without an answer, so that a peer that vanished or stands still is noticed within 5 s (the handler
    /// looks once a second); no proxy, no redirects, no limit of streams per connection.
    /// </summary>
    public static SocketsHttpHandler CreateHandler() => new()
    {
        KeepAlivePingDelay = TimeSpan.FromSeconds(2),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(1.5),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
        EnableMultipleHttp2Connections = true,
        AutomaticDecompression = DecompressionMethods.None,
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    };

    /// <summary>
    /// Opens a call in which both sides send as they like. Nothing is awaited: failures come out of its reads.
    /// </summary>
    /// <param name="method"><c>/package.Service/Method</c>.</param>
    /// <param name="parser">Reads the responses.</param>
    /// <param name="options">Metadata, deadline and bounds.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public GrpcDuplexCall<TRequest, TResponse> OpenDuplex<TRequest, TResponse>(
        string method, MessageParser<TResponse> parser, GrpcCallOptions options, CancellationToken cancellationToken)
        where TRequest : IMessage
        where TResponse : class, IMessage<TResponse> =>
        new(invoker, CreateRequest(method, options), parser, options, clock, cancellationToken);

    /// <summary>Sends one message and waits for the one that answers it.</summary>
    /// <exception cref="GrpcException">The call did not succeed.</exception>
    /// <exception cref="OperationCanceledException">The caller's token ended it.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        string method,
        TRequest request,
        MessageParser<TResponse> parser,
        GrpcCallOptions options,
        CancellationToken cancellationToken)
        where TRequest : IMessage
        where TResponse : class, IMessage<TResponse>
    {
        await using var call = OpenDuplex<TRequest, TResponse>(method, parser, options, cancellationToken);
        await call.WriteAsync(request, cancellationToken);
        call.CompleteWrites();
        var response = await call.ReadAsync(cancellationToken)
            ?? throw new GrpcException(GrpcStatusCode.Internal, "The server ended the call without an answer.");
        return await call.ReadAsync(cancellationToken) is null
            ? response
            : throw new GrpcException(GrpcStatusCode.Internal, "The server answered more than once.");
    }

    private HttpRequestMessage CreateRequest(string method, GrpcCallOptions options)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation(GrpcHeaders.AcceptEncoding, GrpcHeaders.Identity);
        if (options.Timeout is { } timeout)
        {
            request.Headers.TryAddWithoutValidation(GrpcHeaders.Timeout, GrpcTimeout.Format(timeout));
        }

        foreach (var (name, value) in options.Metadata)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                throw new ArgumentException($"'{name}' cannot be metadata.", nameof(options));
            }
        }

        return request;
    }
}
