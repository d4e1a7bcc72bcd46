using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>The messages of one stream, in either method.</summary>
internal sealed class DiscoveryWire(
    GrpcServerCall call, StreamProtocol protocol, TimeSpan stallTimeout, TimeProvider clock)
{
    private long _nonce;

    public StreamProtocol Protocol => protocol;

    /// <summary>The next request; null when the client has finished.</summary>
    public async ValueTask<StreamRequest?> ReadAsync(CancellationToken cancellationToken)
    {
        if (protocol is StreamProtocol.Delta)
        {
            return await call.ReadAsync(DeltaDiscoveryRequest.Parser, cancellationToken) is { } delta
                ? StreamRequest.Of(delta)
                : null;
        }

        return await call.ReadAsync(DiscoveryRequest.Parser, cancellationToken) is { } request
            ? StreamRequest.Of(request)
            : null;
    }

    /// <summary>The nonce of the next response: unique on this stream.</summary>
    public string NextNonce() => $"{++_nonce}";

    /// <summary>Sends a response; a client that does not read loses its stream.</summary>
    /// <returns>The size of the message in bytes.</returns>
    public async ValueTask<long> SendAsync(Response response, string nonce, CancellationToken cancellationToken)
    {
        using var stalled = new CancellationTokenSource(stallTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stalled.Token, cancellationToken);
        try
        {
            var message = ResponseEncoder.Encode(response, nonce, protocol);
            await call.WriteAsync(message, either.Token);
            return message.Length;
        }
        catch (OperationCanceledException) when (stalled.IsCancellationRequested)
        {
            call.HttpContext.Abort(); // trailers would have to wait behind what the client does not read
            throw;
        }
    }
}
