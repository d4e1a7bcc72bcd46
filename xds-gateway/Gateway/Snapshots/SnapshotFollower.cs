using MeshOrleans.Grains;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model;
using MeshOrleans.Model.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Snapshots;

/// <summary>
/// Keeps the gateway's copy of the mesh current, across the loss of whatever hosts the snapshot grain.
/// </summary>
internal sealed partial class SnapshotFollower(
    IGrainFactory grains,
    SnapshotHolder holder,
    TimeProvider clock,
    IRandomSource random,
    ILogger<SnapshotFollower> logger)
    : BackgroundService
{
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), random);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFollowLost(exception, holder.Current.Version.Number); // proxies keep the last good copy
            }

            await Task.Delay(_backoff.Next(), clock, stoppingToken);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var from = holder.IsSynced ? holder.Current.Version : SnapshotVersion.None;
        var mesh = grains.GetGrain<IMeshSnapshotGrain>(MeshKeys.Default);
        await foreach (var batch in mesh.FollowAsync(from.Epoch, from.Number, cancellationToken))
        {
            if (SnapshotReader.IsHeartbeat(batch)) continue;
            if (!SnapshotReader.Continues(holder.Current.Version, batch))
            {
                if (!holder.HoldsLostMesh) LogGap(holder.Current.Version.Number, batch.Number);
                await ReloadAsync(mesh, cancellationToken);
                return;
            }

            Take(batch);
        }
    }

    private async Task ReloadAsync(IMeshSnapshotGrain mesh, CancellationToken cancellationToken)
    {
        await foreach (var batch in mesh.FollowAsync(SnapshotVersion.None.Epoch, 0, cancellationToken))
        {
            if (SnapshotReader.IsHeartbeat(batch)) continue;
            if (!SnapshotReader.Continues(holder.Current.Version, batch)) return;
            Take(batch);
        }
    }

    private void Take(SnapshotBatch batch)
    {
        var held = holder.Current;
        var update = SnapshotReader.Apply((held, holder.Revision), batch, LogUnreadable);
        _backoff.Reset();
        if (SnapshotReader.IsLoss(held, update.Snapshot))
        {
            if (holder.TryDoubt(batch.Epoch)) LogLost(held.Config.Count, held.Workloads.Count, batch.Epoch);
            return;
        }

        if (update.IsFull) LogLoaded(update.Keys.Length, batch.Number);
        holder.Publish(update);
    }

    private void LogUnreadable(string key, Exception exception) => LogUnreadableEntry(exception, key);

    [LoggerMessage(Level = LogLevel.Information, Message = "The mesh is loaded: {Entries} entries, version {Version}.")]
    private partial void LogLoaded(int entries, long version);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Following the mesh was interrupted at version {Version}; trying again.")]
    private partial void LogFollowLost(Exception exception, long version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Version {Next} does not follow {Held}; loading the mesh anew.")]
    private partial void LogGap(long held, long next);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The store seems to have lost the mesh: it tells a new history {Epoch} without configuration, where "
            + "{Resources} resources and {Members} members were. Proxies keep what they have, and nothing new reaches "
            + "them. Restore the store; or, if this is meant, apply a first resource to the new one (a MeshConfig will "
            + "do), and it is believed.")]
    private partial void LogLost(int resources, int members, string epoch);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The entry {Key} of the mesh cannot be read; its former content stays in use.")]
    private partial void LogUnreadableEntry(Exception exception, string key);
}
