using System.Collections.Immutable;

namespace MeshOrleans.Benchmarks;

/// <summary>The flags of <c>mesh-bench</c>, which is what <c>./mesh bench</c> starts.</summary>
internal sealed record BenchArguments
{
    public const string Help = """
        mesh-bench: the control plane's grains under load (started by ./mesh bench grains)

        usage: ./mesh bench grains [flags]

          --seconds N      how long each phase is measured, 1 to 600               (10)
          --warmup N       how long each phase runs before that, 0 to 60           (3)
          --only LIST      of snapshot, endpoints, config, issue                   (all)
          --rates LIST     changes per second of the endpoints' open loop, rising  (500,1000,2000,3000,4000)
          --members N      members that are registered, 1 to 10000                 (500)
          --concurrency N  callers of each closed loop, 1 to 1000                  (64)
          --json           one JSON document instead of tables

        Starts PostgreSQL and three silos of its own on this machine, loads them as one client of the cluster, and ends
        all of it. Progress goes to standard error. Exit code 1 when a change was lost or a call failed.

        examples:
          ./mesh bench grains
          ./mesh bench grains --seconds 30 --json >grains.json
          ./mesh bench grains --only endpoints --rates 1000,2000
        """;

    private static readonly string[] _all = ["snapshot", "endpoints", "config", "issue"];

    public string Benchmark { get; private init; } = "grains";

    public TimeSpan Measured { get; private init; } = TimeSpan.FromSeconds(10);

    public TimeSpan WarmUp { get; private init; } = TimeSpan.FromSeconds(3);

    public ImmutableArray<string> Only { get; private init; } = [.. _all];

    public ImmutableArray<int> Rates { get; private init; } = [500, 1000, 2000, 3000, 4000];

    public int Members { get; private init; } = 500;

    public int Concurrency { get; private init; } = 64;

    public bool Json { get; private init; }

    /// <summary>Reads the flags.</summary>
    public static BenchArguments? Read(IReadOnlyList<string> args, out string error)
    {
        error = args is ["grains", ..] ? "" : "which benchmark? (grains)";
        var read = FlagReading.Read(
            args.Skip(1),
            new BenchArguments(),
            a => a with { Json = true },
            static (BenchArguments a, string flag, string value, ref string wrong) => a.With(flag, value, ref wrong),
            ref error);

        return error.Length == 0 ? read : null;
    }

    private BenchArguments With(string flag, string value, ref string error) => flag switch
    {
        "--seconds" => this with { Measured = TimeSpan.FromSeconds(FlagReading.Number(flag, value, 1, 600, ref error)) },
        "--warmup" => this with { WarmUp = TimeSpan.FromSeconds(FlagReading.Number(flag, value, 0, 60, ref error)) },
        "--members" => this with { Members = FlagReading.Number(flag, value, 1, 10_000, ref error) },
        "--concurrency" => this with { Concurrency = FlagReading.Number(flag, value, 1, 1000, ref error) },
        "--only" => this with { Only = Phases(value, ref error) },
        "--rates" => this with { Rates = RatesOf(value, ref error) },
        _ => Unknown(flag, ref error),
    };

    private static ImmutableArray<string> Phases(string value, ref string error)
    {
        var names = value.Split(',');
        if (names.Except(_all).FirstOrDefault() is { } other)
        {
            error = $"--only does not know '{other}'; --help lists them all";
        }

        return [.. names];
    }

    private static ImmutableArray<int> RatesOf(string value, ref string error)
    {
        var rates = ImmutableArray.CreateBuilder<int>();
        foreach (var one in value.Split(',')) rates.Add(FlagReading.Number("--rates", one, 1, 100_000, ref error));
        return rates.ToImmutable();
    }

    private BenchArguments Unknown(string flag, ref string error)
    {
        error = $"unknown flag '{flag}'; --help lists them all";
        return this;
    }
}
