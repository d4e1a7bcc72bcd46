using System.Collections.Immutable;
using MeshOrleans.Benchmarks.Load;
using MeshOrleans.Benchmarks.Measuring;
using MeshOrleans.Benchmarks.Report;
using MeshOrleans.Benchmarks.Subjects;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks;

/// <summary>Three silos over PostgreSQL, and every way in which their grains take changes.</summary>
internal static class GrainsBenchmark
{
    private const int Silos = 3;
    private const int Owners = 64;
    private const int Documents = 64;
    private const int Identities = 64;

    public static async Task<BenchReport> RunAsync(
        BenchArguments arguments, TimeProvider clock, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("mesh-bench-");
        try
        {
            var machine = Machine.Look(clock);
            Console.Error.WriteLine($"mesh-bench: starting PostgreSQL and {Silos} silos ...");
            await using var cluster =
                await Cluster.StartAsync(directory.FullName, new ClusterSpec { Silos = Silos, Gateways = 0 });
            cancellationToken.ThrowIfCancellationRequested();
            await using var client = await ClusterClient.StartAsync(cluster, cancellationToken);
            var runner = new PhaseRunner(cluster, client.Grains, arguments, clock);
            var results = await RunPhasesAsync(runner, client.Grains, arguments, cancellationToken);
            var memory = ProcessUsage.Read(cluster).ResidentMegabytes;
            return new BenchReport(machine, arguments.Measured.TotalSeconds, results, memory);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<ImmutableArray<PhaseResult>> RunPhasesAsync(
        PhaseRunner runner, IGrainFactory grains, BenchArguments arguments, CancellationToken cancellationToken)
    {
        var results = ImmutableArray.CreateBuilder<PhaseResult>();
        foreach (var (name, subject) in Subjects(grains, arguments).Where(s => arguments.Only.Contains(s.Name)))
        {
            Console.Error.WriteLine($"mesh-bench: preparing {name} ...");
            await subject.PrepareAsync(cancellationToken);
            foreach (var phase in Phases(name, subject, arguments))
            {
                var result = await runner.RunAsync(phase, cancellationToken);
                results.Add(result);
                if (!result.IsKept) break; // a higher rate would not be kept either
            }
        }

        return results.ToImmutable();
    }

    private static IEnumerable<(string Name, ISubject Subject)> Subjects(
        IGrainFactory grains, BenchArguments arguments) =>
    [
        ("snapshot", new SnapshotSubject(grains, Owners)),
        ("endpoints", new EndpointSubject(grains, arguments.Members)),
        ("config", new ConfigSubject(grains, Documents)),
        ("issue", new IdentitySubject(grains, new ClusterSpec().TrustDomain, Identities)),
    ];

    private static IEnumerable<Phase> Phases(string name, ISubject subject, BenchArguments arguments) => name switch
    {
        "snapshot" => [new Phase(name, subject, 1), new Phase($"{name}, 3 followers", subject, 3)],
        "endpoints" =>
        [
            new Phase(name, subject, 1),
            .. arguments.Rates.Select(r => new Phase($"{name} at {r}/s", subject, 1, r)),
        ],
        "issue" => [new Phase(name, subject, 0)],
        _ => [new Phase(name, subject, 1)],
    };
}
