using System.Runtime.InteropServices;
using MeshOrleans.Benchmarks;
#if MESH_ENGINE_ORLEANS
using MeshOrleans.Benchmarks.Report;
using MeshOrleans.Silo.Hosting;
#endif

// The control plane's grains under load; see the help text.
if (args.Any(a => a is "--help" or "-h"))
{
    Console.WriteLine(BenchArguments.Help);
    return 0;
}

if (BenchArguments.Read(args, out var error) is not { } arguments)
{
    Console.Error.WriteLine($"mesh-bench: {error}");
    return 2;
}

using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
#if MESH_ENGINE_ORLEANS
try
{
    var report = await GrainsBenchmark.RunAsync(arguments, TimeProvider.System, interrupted.Token);
    Console.WriteLine(arguments.Json ? report.ToJson() : ReportTable.Write(report));
    return report.WhatWentWrong() is not { } wrong ? 0 : Fail(wrong);
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return Fail("interrupted; everything that was started has been ended");
}
catch (Exception exception) when (
    exception is InvalidOperationException or TimeoutException or IOException || GrainEngine.IsUnsettled(exception))
{
    return Fail(exception.Message);
}
#else
return Fail($"{arguments.Benchmark} needs engine orleans: build with -p:MeshEngine=orleans");
#endif

int Fail(string reason)
{
    Console.Error.WriteLine($"mesh-bench: {reason}");
    return 1;
}

// Everything that was started is ended before this process is.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}
