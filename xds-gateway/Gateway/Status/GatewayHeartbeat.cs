using MeshOrleans.Grains;
using MeshOrleans.Grains.Subscriptions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>
/// Tells the directory of gateways that this process lives, from the moment it serves, and that it leaves.
/// </summary>
internal sealed partial class GatewayHeartbeat(
    IGrainFactory grains,
    GatewaySelf self,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<GatewayHeartbeat> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(2);
    private int _failures;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            var leaving = Directory().LeaveAsync(self.Name, cancellationToken);
            await leaving.WaitAsync(FarewellTime, clock, cancellationToken);
        }
        catch (Exception exception)
        {
            LogNoFarewell(exception, self.Name); // it will be missed within seconds
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await HasStartedAsync(stoppingToken)) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Directory().BeatAsync(self.Describe(), stoppingToken);
                _failures = 0;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (_failures++ == 0) LogUnheard(exception, self.Name);
            }

            await Task.Delay(Interval, clock, stoppingToken);
        }
    }

    /// <summary>False when the host stops before it has started.</summary>
    private async Task<bool> HasStartedAsync(CancellationToken stoppingToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStarted, stoppingToken);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = either.Token.Register(ended.SetResult);
        await ended.Task;
        return !stoppingToken.IsCancellationRequested;
    }

    private IGatewayDirectoryGrain Directory() => grains.GetGrain<IGatewayDirectoryGrain>(MeshKeys.Default);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The directory does not hear of {Gateway}; its proxies may be shown as disconnected. Trying again.")]
    private partial void LogUnheard(Exception exception, string gateway);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Gateway} could not say good-bye to the directory.")]
    private partial void LogNoFarewell(Exception exception, string gateway);
}
