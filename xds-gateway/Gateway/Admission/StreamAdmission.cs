using MeshOrleans.Model;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway.Admission;

/// <summary>
/// Whom a gateway takes up: no more streams, and no more of them at once, than it can serve well. Who is refused is
/// told when to try again, and can go to another gateway meanwhile.
/// </summary>
internal sealed partial class StreamAdmission : IDisposable
{
    private static readonly TimeSpan MaxHold = TimeSpan.FromSeconds(1); // a slow reader must not keep others waiting
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly XdsGatewayOptions _options;
    private readonly TimeProvider _clock;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger<StreamAdmission> _logger;
    private readonly TokenBucket _bucket;
    private readonly SemaphoreSlim _syncs;
    private readonly TurnPace _pace;
    private readonly ReturnSchedule _returns;
    private int _streams;
    private long? _loggedAt;
    private long _refused;

    public StreamAdmission(
        IOptions<XdsGatewayOptions> options,
        TimeProvider clock,
        IRandomSource random,
        GatewayMetrics metrics,
        ILogger<StreamAdmission> logger)
    {
        (_options, _clock, _metrics, _logger) = (options.Value, clock, metrics, logger);
        _bucket = new TokenBucket(_options.StreamBurst, _options.StreamsPerSecond, clock);
        _syncs = new SemaphoreSlim(_options.MaxConcurrentSyncs);
        (_pace, _returns) = (new TurnPace(clock), new ReturnSchedule(_options.RetryAfter, clock, random));
    }

    /// <summary>How many streams wait for their turn.</summary>
    public long Waiting => _metrics.StreamsWaiting;

    /// <summary>Takes a stream up until the lease is disposed.</summary>
    /// <exception cref="GrpcException">There are too many, or too many begin at once.</exception>
    public Lease Enter()
    {
        lock (_gate)
        {
            if (_streams >= _options.MaxStreams)
            {
                throw Refusal("streams", $"The server has {_options.MaxStreams} streams and takes no more.");
            }

            if (!_bucket.TryTake())
            {
                throw Refusal(
                    "rate",
                    $"More than {_options.StreamsPerSecond} streams per second begin at the server.",
                    _options.StreamsPerSecond);
            }

            _streams++;
        }

        _metrics.Admitted();
        return new Lease(Leave);
    }

    /// <summary>
    /// Waits for the turn to make and send the first response of a stream, the dearest one. The lease ends by itself
    /// when the client takes its time.
    /// </summary>
    /// <param name="stopping">The host stops.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <exception cref="GrpcException">The turn did not come in time, or the host stops.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async ValueTask<Lease> WaitForTurnAsync(CancellationToken stopping, CancellationToken cancellationToken)
    {
        if (!_syncs.Wait(TimeSpan.Zero, CancellationToken.None)) await QueueAsync(stopping, cancellationToken);
        return new Lease(() => _syncs.Release(), MaxHold, _clock);
    }

    public void Dispose() => _syncs.Dispose();

    private async Task QueueAsync(CancellationToken stopping, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_options.SyncWait, _clock);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping, cancellationToken);
        BeginToWait();
        var hasTurn = false;
        try
        {
            await _syncs.WaitAsync(any.Token);
            hasTurn = true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            if (stopping.IsCancellationRequested) throw StreamSession.ShuttingDown();
            lock (_gate) throw TooManySyncs();
        }
        finally
        {
            lock (_gate)
            {
                _metrics.Waits(-1);
                _pace.Ends(hasTurn, Waiting);
            }
        }
    }

    // Who cannot get its turn in time is better told so at once: to wait and come back in vain costs most where there is
    // least to spare.
    private void BeginToWait()
    {
        lock (_gate)
        {
            if (_pace.PerSecond is { } pace && Waiting / pace > _options.SyncWait.TotalSeconds) throw TooManySyncs();
            _pace.Waits();
            _metrics.Waits(1);
        }
    }

    private GrpcException TooManySyncs() => Refusal(
        "syncs",
        $"The server sends {_options.MaxConcurrentSyncs} clients their first response already.",
        _pace.PerSecond);

    private void Leave()
    {
        lock (_gate) _streams--;
    }

    /// <summary>How a stream is refused; those that come together are not to come together again.</summary>
    private GrpcException Refusal(string limit, string reason, double? perSecond = null)
    {
        _metrics.Refused(limit);
        _refused++;
        if (_loggedAt is not { } at || _clock.GetElapsedTime(at) >= LogInterval)
        {
            LogRefused(_refused, reason);
            (_loggedAt, _refused) = (_clock.GetTimestamp(), 0);
        }

        return new GrpcException(new GrpcStatus(GrpcStatusCode.ResourceExhausted, reason)
        {
            RetryAfter = _returns.Next(perSecond),
        });
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} streams were refused and told to come back, the last for this reason: {Reason}")]
    private partial void LogRefused(long count, string reason);
}
