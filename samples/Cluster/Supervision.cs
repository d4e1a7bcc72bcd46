using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Samples.Cluster;

/// <summary>Starts a process again that has ended, as systemd or Kubernetes would; ends all of them in good order.</summary>
internal static class Supervision
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(Harness.Cluster cluster, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_look);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var process in cluster.Processes.Where(p => p.Process.HasExited)) await RestartAsync(process);
            }
        }
        catch (OperationCanceledException)
        {
            // asked to end
        }
    }

    public static async Task EndAsync(Harness.Cluster cluster)
    {
        foreach (var process in cluster.Processes.Where(p => !p.Process.HasExited)) process.Process.Terminate();
        foreach (var process in cluster.Processes) await process.Process.WaitForExitAsync(_patience);
    }

    private static async Task RestartAsync(ControlPlane process)
    {
        Console.Error.WriteLine($"mesh-cluster: {process.Name} has ended; starting it again ...\n{process.Process.Tail()}");
        try
        {
            await process.RestartAsync();
            Console.Error.WriteLine($"mesh-cluster: {process.Name} is back, pid {process.Process.Id}");
        }
        catch (TimeoutException exception)
        {
            Console.Error.WriteLine($"mesh-cluster: {exception.Message}"); // looked at again with the next tick
        }
    }
}
