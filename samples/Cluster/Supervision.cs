using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Samples.Cluster;

/// <summary>Starts a process again that has ended, as systemd or Kubernetes would; ends all of them in good order.</summary>
internal static class Supervision
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs until it is asked to end, and then ends every process.</summary>
    public static async Task RunAsync(Harness.Cluster cluster, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_look);
        var restarts = new Dictionary<object, Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                // each for itself: one that waits for another must not keep that one from being started
                foreach (var process in cluster.Processes.Where(p => p.Process.HasExited))
                {
                    if (restarts.GetValueOrDefault(process) is { IsCompleted: false }) continue;
                    restarts[process] = RestartAsync(process);
                }

                if (cluster.Postgres is not { IsRunning: false } postgres) continue;
                if (restarts.GetValueOrDefault(postgres) is { IsCompleted: false }) continue;
                restarts[postgres] = RestartAsync(postgres);
            }
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("mesh-cluster: ending everything ...");
            await EndAsync(cluster);
            await Task.WhenAll(restarts.Values);
        }
    }

    private static async Task RestartAsync(PostgresServer postgres)
    {
        Console.Error.WriteLine("mesh-cluster: PostgreSQL has ended; starting it again ...");
        try
        {
            await postgres.StartAgainAsync();
            Console.Error.WriteLine("mesh-cluster: PostgreSQL is back");
        }
        catch (InvalidOperationException exception)
        {
            Console.Error.WriteLine($"mesh-cluster: {exception.Message}"); // looked at again with the next tick
        }
    }

    private static async Task EndAsync(Harness.Cluster cluster)
    {
        var running = cluster.Processes.Select(p => p.Process).Where(p => !p.HasExited).ToArray();
        foreach (var process in running) process.Terminate();
        foreach (var process in running) await process.WaitForExitAsync(_patience);
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
