using System.Buffers;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>The messages of one stream, in either method.</summary>
internal sealed class DiscoveryWire : IDisposable
{
    private readonly GrpcServerCall _call;
    private readonly TimeSpan _stallTimeout;
    private readonly CancellationToken _stopping;
    private readonly CancellationTokenSource _stalled;
    private readonly CancellationTokenSource _either;
    private readonly Action _onProgress;
    private bool _isWatched;
    private long _nonce;

    /// <summary>Takes a call over.</summary>
    /// <param name="call">The call.</param>
    /// <param name="protocol">Which method it is.</param>
    /// <param name="stallTimeout">How long a client may take nothing of a response.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="stopping">Gives up what is being sent: the host cannot wait for who does not read.</param>
    public DiscoveryWire(
        GrpcServerCall call,
        StreamProtocol protocol,
        TimeSpan stallTimeout,
        TimeProvider clock,
        CancellationToken stopping)
    {
        (_call, Protocol, _stallTimeout, _stopping) = (call, protocol, stallTimeout, stopping);
        _stalled = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_stalled.Token, stopping, call.CancellationToken);
        _onProgress = Watch;
    }

    public StreamProtocol Protocol { get; }

    /// <summary>The next request; null when the client has finished.</summary>
    public async ValueTask<StreamRequest?> ReadAsync(CancellationToken cancellationToken)
    {
        if (Protocol is StreamProtocol.Delta)
        {
            return await _call.ReadAsync(DeltaDiscoveryRequest.Parser, cancellationToken) is { } delta
                ? StreamRequest.Of(delta)
                : null;
        }

        return await _call.ReadAsync(DiscoveryRequest.Parser, cancellationToken) is { } request
            ? StreamRequest.Of(request)
            : null;
    }

    /// <summary>The nonce of the next response: unique on this stream.</summary>
    public string NextNonce() => $"{++_nonce}";

    /// <summary>The message of a response.</summary>
    public ReadOnlySequence<byte> Encode(Response response, string nonce) =>
        ResponseEncoder.Encode(response, nonce, Protocol);

    /// <summary>Sends a message; a client that does not read loses its stream, a slow one keeps it.</summary>
    /// <exception cref="GrpcException">The host stops, or the client does not read and its stream is reset.</exception>
    public async ValueTask SendAsync(ReadOnlySequence<byte> message)
    {
        if (_stopping.IsCancellationRequested) throw StreamSession.ShuttingDown(); // what has not begun can end well
        try
        {
            var writing = _call.WriteAsync(message, _onProgress, _either.Token);
            if (!writing.IsCompleted) Watch(); // what the connection takes at once needs no watching
            await writing;
            if (_isWatched) _stalled.CancelAfter(Timeout.InfiniteTimeSpan);
            _isWatched = false;
        }
        catch (OperationCanceledException exception)
        {
            _call.HttpContext.Abort(); // trailers would have to wait behind what the client does not read
            if (_call.CancellationToken.IsCancellationRequested) throw;
            throw new GrpcException(GrpcStatusCode.Unavailable, "The client does not read.", exception);
        }
    }

    private void Watch()
    {
        _isWatched = true;
        _stalled.CancelAfter(_stallTimeout);
    }

    public void Dispose()
    {
        _either.Dispose();
        _stalled.Dispose();
    }
}
