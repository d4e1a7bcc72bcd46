using System.Runtime.InteropServices;
using MeshOrleans.Benchmarks;
using MeshOrleans.Benchmarks.Identities;
using MeshOrleans.Benchmarks.Proxy;
using MeshOrleans.Benchmarks.Xds;
using MeshOrleans.Benchmarks.Xds.Fleet;
using MeshOrleans.Silo.Hosting;

// The program behind ./mesh bench; see the help texts.
using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
var isHelp = args.Any(a => a is "--help" or "-h");
try
{
    switch (args)
    {
        case ["xds-fleet", .. var fleet]:
            return await FleetProgram.RunAsync(fleet);
        case ["xds", ..] when isHelp:
            return Help(XdsArguments.Help);
        case ["xds", .. var flags]:
            if (XdsArguments.Read(flags, out var wrongXds) is not { } xds) return Fail(wrongXds, 2);
            var report = await XdsBenchmark.RunAsync(xds, TimeProvider.System, interrupted.Token);
            Console.WriteLine(xds.Json ? report.ToJson() : report.ToTable());
            return report.WhatWentWrong() is { } missing ? Fail(missing, 1) : 0;
        case ["identities", ..] when isHelp:
            return Help(IdentitiesArguments.Help);
        case ["identities", .. var flags]:
            if (IdentitiesArguments.Read(flags, out var wrongIdentities) is not { } identities) return Fail(wrongIdentities, 2);
            var replaced = await IdentitiesBenchmark.RunAsync(identities, TimeProvider.System, interrupted.Token);
            Console.WriteLine(identities.Json ? replaced.ToJson() : replaced.ToTable());
            return replaced.WhatWentWrong() is { } notReplaced ? Fail(notReplaced, 1) : 0;
        case ["proxy", ..] when isHelp:
            return Help(ProxyArguments.Help);
        case ["proxy", .. var flags]:
            if (ProxyArguments.Read(flags, out var wrongProxy) is not { } proxy) return Fail(wrongProxy, 2);
            var pairs = await ProxyBenchmark.RunAsync(proxy, TimeProvider.System, interrupted.Token);
            Console.WriteLine(proxy.Json ? pairs.ToJson() : pairs.ToTable());
            return pairs.WhatWentWrong() is { } failed ? Fail(failed, 1) : 0;
        case ["grains", ..] or [] when isHelp || args.Length == 0:
            return Help(BenchArguments.Help);
        default:
            if (BenchArguments.Read(args, out var wrongGrains) is not { } grains) return Fail(wrongGrains, 2);
            return await RunGrainsAsync(grains);
    }
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return Fail("interrupted; everything that was started has been ended", 1);
}
catch (Exception exception) when (
    exception is InvalidOperationException or TimeoutException or IOException || GrainEngine.IsUnsettled(exception))
{
    return Fail(exception.Message, 1);
}

async Task<int> RunGrainsAsync(BenchArguments arguments)
{
#if MESH_ENGINE_ORLEANS
    var report = await GrainsBenchmark.RunAsync(arguments, TimeProvider.System, interrupted.Token);
    Console.WriteLine(arguments.Json ? report.ToJson() : MeshOrleans.Benchmarks.Report.ReportTable.Write(report));
    return report.WhatWentWrong() is { } wrong ? Fail(wrong, 1) : 0;
#else
    await Task.CompletedTask;
    return Fail($"{arguments.Benchmark} needs engine orleans: build with -p:MeshEngine=orleans", 1);
#endif
}

int Help(string text)
{
    Console.WriteLine(text);
    return 0;
}

int Fail(string reason, int code)
{
    Console.Error.WriteLine($"mesh-bench: {reason}");
    return code;
}

// Everything that was started is ended before this process is.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}
