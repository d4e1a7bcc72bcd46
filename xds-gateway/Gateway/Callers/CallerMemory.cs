using System.Collections.Immutable;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Protocol.Callers;
using MeshOrleans.Xds.Translation.Scopes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Callers;

/// <summary>
/// Passes on what sidecars have seen of plaintext callers, in batches and beside the streams. What could not be told
/// stays and is told again; of one sidecar at most one report waits.
/// </summary>
internal sealed partial class CallerMemory(IGrainFactory grains, TimeProvider clock, ILogger<CallerMemory> logger)
    : BackgroundService
{
    private const int MaxWaiting = 20_000;
    private const int MaxAtOnce = 100;
    private static readonly TimeSpan BatchTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Signal _noted = new();
    private Dictionary<(string Namespace, ProxyKey Proxy), CallerReport> _waiting = [];
    private bool _hasFailed;

    /// <summary>
    /// Takes over a report. One of who has not proved who it is, or is no sidecar of our own, is passed over: it could
    /// speak for any other.
    /// </summary>
    /// <param name="node">Who has told it.</param>
    /// <param name="openedAt">When the stream opened on which it was told.</param>
    /// <param name="report">What was told.</param>
    public void Note(ProxyNode node, DateTimeOffset openedAt, PlaintextReport report)
    {
        if (node.Identity is not { } identity || node.Scope.Mode is not ProxyMode.Sidecar) return;
        var now = clock.GetUtcNow();
        Add(node.Scope.Namespace, new CallerReport(
            node.Id,
            node.WorkloadName,
            node.Group,
            node.Scope.Labels.ToImmutableDictionary(),
            report.Run,
            now - report.Watching,
            now,
            [.. report.Callers.Select(c => SeenAt(c, now))],
            openedAt,
            $"{identity}"));
        _noted.Set();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!_hasFailed) await _noted.WaitAsync(stoppingToken);
            await Task.Delay(_hasFailed ? RetryTime : BatchTime, clock, stoppingToken); // who starts is not alone
            await TellAsync(stoppingToken);
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        Dictionary<(string Namespace, ProxyKey Proxy), CallerReport> batch;
        lock (_gate) (batch, _waiting) = (_waiting, []);
        _hasFailed = false;
        foreach (var space in batch.GroupBy(r => r.Key.Namespace, r => r.Value, StringComparer.Ordinal))
        {
            foreach (var reports in space.Chunk(MaxAtOnce)) await TellAsync(space.Key, reports, cancellationToken);
        }
    }

    private async Task TellAsync(string ns, CallerReport[] reports, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IPlaintextCallersGrain>(ns).TellAsync([.. reports], cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!_hasFailed) LogNotTold(exception, ns);
            _hasFailed = true;
            foreach (var report in reports) Add(ns, report);
        }
    }

    private void Add(string ns, CallerReport report)
    {
        if (!TryAdd((ns, report.Proxy), report)) LogTooMany(report.NodeId);
    }

    private bool TryAdd((string Namespace, ProxyKey Proxy) key, CallerReport report)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(key, out var other)) _waiting[key] = Together(report, other);
            else if (_waiting.Count < MaxWaiting) _waiting.Add(key, report);
            else return false;
            return true;
        }
    }

    // Of one caller the newer report says all; those of another start count for themselves, so the newer start counts.
    private static CallerReport Together(CallerReport one, CallerReport other)
    {
        var (newer, older) = one.HeardAt >= other.HeardAt ? (one, other) : (other, one);
        var others = newer.Run == older.Run ? older.Callers : older.Callers.Select(c => c with { Open = 0 });
        var callers = newer.Callers.Concat(others);
        return newer with
        {
            Callers = [.. callers.DistinctBy(c => (c.Port, c.Address)).Take(2 * PlaintextReport.MaxCallers)],
        };
    }

    private static SeenCaller SeenAt(ReportedCaller caller, DateTimeOffset now) => new(
        caller.Port,
        caller.Address,
        caller.Demand switch
        {
            PortDemand.Strict => CallerDemand.Strict,
            PortDemand.Disable => CallerDemand.Disable,
            _ => CallerDemand.Permissive,
        },
        caller.IsTls,
        caller.Connections,
        caller.Open,
        now - caller.FirstSeen,
        now - caller.LastSeen);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Who calls the workloads of {Namespace} in plaintext cannot be told to the control plane; it is "
            + "tried again every five seconds.")]
    private partial void LogNotTold(Exception exception, string @namespace);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "What {Node} has seen of plaintext callers is not passed on, as too much waits; it tells it with its "
            + "next stream.")]
    private partial void LogTooMany(string node);
}
