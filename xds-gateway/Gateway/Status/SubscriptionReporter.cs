using System.Collections.Concurrent;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Gateway.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>
/// Tells the subscription grains how streams stand, in batches and beside the push path: no stream ever waits for it,
/// and what changes several times between two batches is told once.
/// </summary>
internal sealed partial class SubscriptionReporter(
    IGrainFactory grains, GatewayName name, TimeProvider clock, ILogger<SubscriptionReporter> logger)
    : BackgroundService, IReportQueue
{
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How soon it is noticed that a grain was lost with what it knew. All shares are asked, so that each is in memory
    /// somewhere when the store goes away.
    /// </summary>
    private static readonly TimeSpan CheckTime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<ReportedStream> _queue = new();
    private readonly Signal _queued = new();
    private readonly Dictionary<string, ShareReporter> _shares =
        ProxyShares.Keys.ToDictionary(k => k, k => new ShareReporter(k, name.Value, grains), StringComparer.Ordinal);

    private int _isRaised;
    private bool _hasFailed;

    /// <inheritdoc/>
    public void Queue(ReportedStream stream)
    {
        _queue.Enqueue(stream);
        _queued.Set();
    }

    /// <inheritdoc/>
    public void Raised()
    {
        if (Interlocked.Exchange(ref _isRaised, 1) == 0) _queued.Set();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var checkedAt = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!_hasFailed) await _queued.WaitAsync(CheckTime, clock, stoppingToken);
            var isRaised = Interlocked.Exchange(ref _isRaised, 0) == 1;
            Dequeue();
            var isCheck = clock.GetElapsedTime(checkedAt) >= CheckTime;
            if (isCheck) checkedAt = clock.GetTimestamp();
            await TellAsync(isCheck, isRaised, stoppingToken);
            await Task.Delay(_hasFailed ? RetryTime : BatchTime, clock, stoppingToken);
        }
    }

    private void Dequeue()
    {
        while (_queue.TryDequeue(out var stream))
        {
            stream.Dequeued();
            _shares[ProxyShares.KeyOf(stream.NodeId)].Add(stream);
        }
    }

    private async Task TellAsync(bool isCheck, bool isRaised, CancellationToken cancellationToken)
    {
        var failures = await Task.WhenAll(
            from share in _shares.Values
            where share.IsBehind || isCheck || isRaised
            select TryTellAsync(share, isCheck, isRaised, cancellationToken));
        var failure = failures.FirstOrDefault(f => f is not null);
        if (failure is not null && !_hasFailed) LogFailed(failure);
        _hasFailed = failure is not null;
    }

    /// <returns>Why it failed; null when it did not.</returns>
    private static async Task<Exception?> TryTellAsync(
        ShareReporter share, bool isCheck, bool isRaised, CancellationToken cancellationToken)
    {
        try
        {
            if (isRaised) await share.RaiseAsync(cancellationToken);
            if (isCheck) await share.CheckAsync(cancellationToken);
            else if (share.IsBehind) await share.TellAsync(cancellationToken);
            return null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return exception;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "How streams stand cannot be told to the control plane; it is tried again every two seconds.")]
    private partial void LogFailed(Exception exception);
}
