using MeshOrleans.Benchmarks.Load;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Measuring;

/// <summary>Runs a phase: load first, then the watch, and at the end every change must have arrived.</summary>
internal sealed class PhaseRunner(Cluster cluster, IGrainFactory grains, BenchArguments arguments, TimeProvider clock)
{
    private static readonly TimeSpan _settlePatience = TimeSpan.FromSeconds(20);

    public async Task<PhaseResult> RunAsync(Phase phase, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"mesh-bench: {phase.Name} ...");
        var ledger = new ChangeLedger(clock, phase.Followers);
        await using var followers =
            await SnapshotFollowers.StartAsync(grains, ledger, clock, phase.Followers, cancellationToken);

        var load = LoadAsync(phase, new LoadLoop(phase.Subject, ledger, clock), cancellationToken);
        await Task.Delay(arguments.WarmUp, clock, cancellationToken);
        var (begin, before) = (clock.GetTimestamp(), ProcessUsage.Read(cluster));
        await Task.Delay(arguments.Measured, clock, cancellationToken);
        var (end, after) = (clock.GetTimestamp(), ProcessUsage.Read(cluster));
        await load;

        var lost = await ledger.SettleAsync(_settlePatience, cancellationToken);
        return PhaseResult.From(phase, ledger, (begin, end), clock, lost, after.Since(before));
    }

    private Task LoadAsync(Phase phase, LoadLoop loop, CancellationToken cancellationToken)
    {
        var duration = arguments.WarmUp + arguments.Measured;
        return phase.PerSecond is { } rate
            ? loop.RunOpenAsync(rate, duration, cancellationToken)
            : loop.RunClosedAsync(arguments.Concurrency, duration, cancellationToken);
    }
}
