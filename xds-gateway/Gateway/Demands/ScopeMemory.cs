using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Grains.Scopes;
using MeshOrleans.Xds.Gateway.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Demands;

/// <summary>
/// What kinds of workloads have called before: asked for when a stream begins, told in batches and beside the streams.
/// A mesh that cannot remember works all the same: proxies then ask for each host once more.
/// </summary>
internal sealed partial class ScopeMemory(IGrainFactory grains, TimeProvider clock, ILogger<ScopeMemory> logger)
    : BackgroundService
{
    private const int MaxQueued = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BatchTime = TimeSpan.FromSeconds(1);

    private readonly Channel<(string Key, string Host)> _notes = Channel.CreateBounded<(string, string)>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>
    /// Under which key workloads like this one are remembered; null for one that has not proved who it is, as it could
    /// speak for any other.
    /// </summary>
    public static string? KeyOf(ProxyNode node)
    {
        if (node.Identity is null) return null;
        var group = node.Group.Contains('/') ? "" : node.Group;
        return $"{node.Scope.Namespace}/{node.Scope.ServiceAccount}/{group}";
    }

    /// <summary>The hosts of a kind of workload; null when they cannot be told in time.</summary>
    public async Task<ImmutableArray<string>?> RecallAsync(string key, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await grains.GetGrain<IWorkloadScopeGrain>(key).RecallAsync(either.Token).WaitAsync(either.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRecalled(key, exception.Message);
            return null;
        }
    }

    /// <summary>A workload of this kind has called a host. Never waits; what is too much is not remembered.</summary>
    public void Note(string key, string host) => _notes.Writer.TryWrite((key, host));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _notes.Reader.WaitToReadAsync(stoppingToken))
        {
            await Task.Delay(BatchTime, clock, stoppingToken); // who starts calls many hosts one after the other
            var batch = new HashSet<(string Key, string Host)>();
            while (_notes.Reader.TryRead(out var note)) batch.Add(note);
            foreach (var hosts in batch.GroupBy(n => n.Key, n => n.Host, StringComparer.Ordinal))
            {
                await TellAsync(hosts.Key, [.. hosts], stoppingToken);
            }
        }
    }

    private async Task TellAsync(string key, ImmutableArray<string> hosts, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IWorkloadScopeGrain>(key).RememberAsync(hosts, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRemembered(exception, key, hosts.Length);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "What {Workload} has called before is not known; it starts with what it names: {Reason}.")]
    private partial void LogNotRecalled(string workload, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} hosts that {Workload} has called are not remembered; new replicas will ask for them.")]
    private partial void LogNotRemembered(Exception exception, string workload, int count);
}
