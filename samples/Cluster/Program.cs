using System.Runtime.InteropServices;
using MeshOrleans.Samples.Cluster;
using MeshOrleans.Samples.Harness;

// A whole control plane of many processes on this machine; see the help text.
if (args.Any(a => a is "--help" or "-h"))
{
    Console.WriteLine(ClusterArguments.Help);
    return 0;
}

if (ClusterArguments.Read(args, out var error) is not { } arguments)
{
    Console.Error.WriteLine($"mesh-cluster: {error}");
    return 2;
}

using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
try
{
    Console.Error.WriteLine(arguments.Store is null
        ? $"mesh-cluster: starting PostgreSQL, {arguments.Silos} silos and {arguments.Gateways} gateways ..."
        : $"mesh-cluster: starting {arguments.Silos} silos and {arguments.Gateways} gateways ...");
    await using var cluster = await Cluster.StartAsync(
        arguments.Data,
        new ClusterSpec
        {
            Silos = arguments.Silos,
            Gateways = arguments.Gateways,
            Store = arguments.Store,
            TrustDomain = arguments.TrustDomain,
        });
    if (cluster.Leftovers > 0)
    {
        Console.Error.WriteLine($"mesh-cluster: ended {cluster.Leftovers} processes that an earlier start had left");
    }

    await Announcement.WriteAsync(cluster);
    await Supervision.RunAsync(cluster, interrupted.Token);
    return 0;
}
catch (Exception exception) when (exception is InvalidOperationException or TimeoutException or IOException)
{
    Console.Error.WriteLine($"mesh-cluster: {exception.Message}");
    return 1;
}

// Everything that was started is ended before the launcher is.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}
