using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Subscriptions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>
/// Tells the subscription grains how streams stand, in batches and beside the push path: no stream ever waits for it,
/// and what changes several times between two batches is told once.
/// </summary>
internal sealed partial class SubscriptionReporter(
    IGrainFactory grains, TimeProvider clock, ILogger<SubscriptionReporter> logger)
    : BackgroundService
{
    private const int MaxFailures = 10;
    private const int Parallel = 8;
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(2);

    private readonly Channel<ReportedStream> _queue =
        Channel.CreateUnbounded<ReportedStream>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Has a stream looked at with the next batch.</summary>
    public void Queue(ReportedStream stream) => _queue.Writer.TryWrite(stream);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _queue.Reader.WaitToReadAsync(stoppingToken))
        {
            var failed = await TellBatchAsync(stoppingToken);
            await Task.Delay(failed ? RetryTime : BatchTime, clock, stoppingToken);
        }
    }

    /// <returns>True when some of it has to be tried again.</returns>
    private async Task<bool> TellBatchAsync(CancellationToken cancellationToken)
    {
        var batch = new List<ReportedStream>();
        while (_queue.Reader.TryRead(out var stream))
        {
            stream.Dequeued();
            batch.Add(stream);
        }

        var failures = 0;
        var limits = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(batch, limits, async (stream, token) =>
        {
            if (!await TryTellAsync(stream, token)) Interlocked.Increment(ref failures);
        });
        return failures > 0;
    }

    private async Task<bool> TryTellAsync(ReportedStream stream, CancellationToken cancellationToken)
    {
        try
        {
            await TellAsync(stream, cancellationToken);
            stream.Failures = 0;
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (stream.Failures++ == 0) LogFailed(exception, stream.NodeId);
            if (!stream.IsClosed || stream.Failures < MaxFailures) stream.Queue();
            return false;
        }
    }

    private async Task TellAsync(ReportedStream stream, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IProxySubscriptionGrain>(stream.NodeId);
        var isClosed = stream.IsClosed;
        if (stream.Epoch is not { } epoch)
        {
            if (isClosed) return; // it was never known: nothing to take back
            await grains.GetGrain<IProxyDirectoryGrain>(MeshKeys.Default).AddAsync(stream.NodeId, cancellationToken);
            epoch = await grain.ConnectAsync(stream.Connection, cancellationToken);
            stream.Epoch = epoch;
        }

        var types = stream.Types;
        ImmutableArray<SubscriptionReport> changed =
            [.. types.Where(t => stream.Told.GetValueOrDefault(t.Key) != t.Value).Select(t => t.Value)];
        if (!changed.IsEmpty)
        {
            await grain.ReportAsync(epoch, changed, cancellationToken);
            stream.Told = types;
        }

        if (stream.Scope is var scope && !ReferenceEquals(scope, stream.ToldScope))
        {
            await grain.ReportScopeAsync(epoch, scope, cancellationToken);
            stream.ToldScope = scope;
        }

        if (isClosed) await grain.DisconnectAsync(epoch, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of {Node} could not be reported; it is tried again.")]
    private partial void LogFailed(Exception exception, string node);
}
