using System.Net.Sockets;
using MeshOrleans.Proxy.Sidecar.Settings;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>
/// Connects to the application's ports: until they accept for the first time the workload is not healthy; with
/// <c>--probe tcp</c> it is asked for ever after.
/// </summary>
/// <param name="settings">Which ports.</param>
/// <param name="placeOf">Where the application listens for one of them.</param>
/// <param name="health">Is told.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Is told of changes.</param>
internal sealed partial class AppProbe(
    SidecarSettings settings,
    Func<int, (string Address, int Port)> placeOf,
    WorkloadHealth health,
    TimeProvider clock,
    ILogger<AppProbe> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhileDown = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WhileUp = TimeSpan.FromSeconds(5);
    private bool _isUp = true;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (settings.AppPorts.IsEmpty) return;
        while (true)
        {
            var refusing = await RefusingPortAsync(cancellationToken);
            Report(refusing);
            if (refusing is null && settings.Probe is ProbeKind.None) return;
            await Task.Delay(refusing is null ? WhileUp : WhileDown, clock, cancellationToken);
        }
    }

    private void Report(int? refusing)
    {
        if (refusing is null == _isUp) return;
        _isUp = refusing is null;
        health.Set(
            refusing is null
                ? HealthReport.Healthy
                : new HealthReport($"the application does not accept connections on port {refusing}"));
        if (refusing is { } port) LogDown(port);
        else LogUp();
    }

    private async Task<int?> RefusingPortAsync(CancellationToken cancellationToken)
    {
        foreach (var port in settings.AppPorts)
        {
            if (!await AcceptsAsync(port.Port, cancellationToken)) return port.Port;
        }

        return null;
    }

    private async Task<bool> AcceptsAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var (address, number) = placeOf(port);
            await socket.ConnectAsync(address, number, either.Token);
            return true;
        }
        catch (Exception exception) when (exception is SocketException || patience.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The application does not accept connections on port {Port}; reported as unhealthy.")]
    private partial void LogDown(int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "The application accepts connections.")]
    private partial void LogUp();
}
