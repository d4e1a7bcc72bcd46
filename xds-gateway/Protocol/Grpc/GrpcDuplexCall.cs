using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Google.Protobuf;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>
/// One open call. Writes may come from any thread and wait when the connection is slower than the caller; one read may
/// be under way at a time. Disposing it gives the call up.
/// </summary>
public sealed class GrpcDuplexCall<TRequest, TResponse> : IAsyncDisposable
    where TRequest : IMessage
    where TResponse : class, IMessage<TResponse>
{
    /// <summary>Messages that wait for the connection before a writer has to.</summary>
    private const int QueueLength = 16;

    private readonly Channel<ReadOnlyMemory<byte>> _frames = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true });

    private readonly MessageParser<TResponse> _parser;
    private readonly int _maxMessageSize;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _ended;
    private readonly HttpRequestMessage _request;
    private readonly Task<HttpResponseMessage> _sending;
    private GrpcFrameReader? _reader;
    private GrpcStatus? _status;

    internal GrpcDuplexCall(
        HttpMessageInvoker invoker,
        HttpRequestMessage request,
        MessageParser<TResponse> parser,
        GrpcCallOptions options,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        _parser = parser;
        _maxMessageSize = options.MaxMessageSize;
        _caller = cancellationToken;
        _deadline = new CancellationTokenSource(options.Timeout ?? Timeout.InfiniteTimeSpan, clock);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, cancellationToken);
        _request = request;
        _request.Content = new GrpcRequestContent(_frames.Reader);
        _sending = invoker.SendAsync(_request, _ended.Token);
    }

    /// <summary>How the call ended; null while it has not, as far as the reads have come.</summary>
    public GrpcStatus? Status => Volatile.Read(ref _status);

    /// <summary>Queues a message; waits while the queue is full.</summary>
    /// <exception cref="GrpcException">The call is over.</exception>
    public async ValueTask WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(message.CalculateSize() + GrpcFrameReader.PrefixLength);
        GrpcFrameWriter.Write(buffer, message);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            await _frames.Writer.WriteAsync(buffer.WrittenMemory, either.Token);
        }
        catch (ChannelClosedException exception)
        {
            throw new GrpcException(
                Status ?? new GrpcStatus(GrpcStatusCode.FailedPrecondition, "Sending was completed before."),
                exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure(exception);
        }
    }

    /// <summary>Tells the server that nothing more will be sent.</summary>
    public void CompleteWrites() => _frames.Writer.TryComplete();

    /// <summary>
    /// Waits for the server's headers: the sign that it has taken up the call. Reading needs no such wait.
    /// </summary>
    /// <exception cref="GrpcException">The call did not come that far.</exception>
    /// <exception cref="OperationCanceledException">A token of the caller ended the wait.</exception>
    public async Task WaitForHeadersAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            await _sending.WaitAsync(either.Token);
        }
        catch (Exception exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Failure(exception);
        }
    }

    /// <summary>The next message; null when the server has ended the call with success.</summary>
    /// <exception cref="GrpcException">The call did not succeed.</exception>
    /// <exception cref="OperationCanceledException">A token of the caller ended it.</exception>
    public async ValueTask<TResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_status is { } over) return over.Code == GrpcStatusCode.Ok ? null : throw new GrpcException(over);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            var response = await _sending.WaitAsync(either.Token);
            _reader ??= await OpenAsync(response, either.Token);
            if (await _reader.ReadAsync(_parser, either.Token) is { } message) return message;
            Finish(GrpcFailures.OfHeaders(response.TrailingHeaders)
                ?? GrpcFailures.OfHeaders(response.Headers)
                ?? new GrpcStatus(GrpcStatusCode.Unknown, "The server ended the call without a status."));
            return _status.Code == GrpcStatusCode.Ok ? null : throw new GrpcException(_status);
        }
        catch (Exception exception) when (exception is not GrpcException || _status is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Failure(exception);
        }
    }

    /// <summary>Every message until the server ends the call with success.</summary>
    /// <exception cref="GrpcException">The call did not succeed.</exception>
    public async IAsyncEnumerable<TResponse> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken) is { } message) yield return message;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _frames.Writer.TryComplete();
        await _ended.CancelAsync();
        try
        {
            (await _sending).Dispose();
        }
        catch (Exception)
        {
            // Given up on purpose, or the reads have said it already.
        }

        _request.Dispose();
        _ended.Dispose();
        _deadline.Dispose();
    }

    private async ValueTask<GrpcFrameReader> OpenAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (GrpcFailures.OfResponse(response) is { } refusal) throw new GrpcException(refusal);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return new GrpcFrameReader(PipeReader.Create(body), _maxMessageSize);
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_status))]
    private void Finish(GrpcStatus status)
    {
        Volatile.Write(ref _status, status);
        _status = status;
        _frames.Writer.TryComplete();
    }

    /// <summary>What a broken read or write means for the whole call.</summary>
    private Exception Failure(Exception exception)
    {
        if (_caller.IsCancellationRequested)
        {
            return new OperationCanceledException("The call was given up.", exception, _caller);
        }

        Finish(_deadline.IsCancellationRequested
            ? new GrpcStatus(GrpcStatusCode.DeadlineExceeded, "The deadline of the call has passed.")
            : GrpcFailures.OfException(exception));
        return new GrpcException(_status, exception);
    }
}
