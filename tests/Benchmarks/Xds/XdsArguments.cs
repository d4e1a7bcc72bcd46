namespace MeshOrleans.Benchmarks.Xds;

/// <summary>The flags of <c>mesh-bench xds</c>.</summary>
internal sealed record XdsArguments
{
    public const string Help = """
        mesh-bench xds: one gateway and its streams (started by ./mesh bench xds)

        usage: ./mesh bench xds [flags]

          --services N     services of the mesh, 1 to 5000                               (1000)
          --endpoints N    endpoints of each service, 1 to 200                           (20)
          --proxies N      streams, each on a connection of its own, 1 to 20000          (500)
          --namespaces N   namespaces that services and proxies are spread over, 1 to 500 (50)
          --scope WORD     own: a proxy sees its own namespace; all: it sees every one;
                           auto: it may see every one and names the services it calls   (own)
          --used N         services that a proxy calls with --scope auto, 1 to 1000      (20)
          --warmup N       seconds of changes that are not counted, before the first that is: the runtime compiles
                           what is used often anew, 0 to 600                              (15)
          --changes N      changes of one endpoint, and of one route, that are timed     (50)
          --churn N        changes of an endpoint per second in the churn phase; 0 = skip (100)
          --seconds N      how long the churn goes on, 1 to 600                          (10)
          --slow N         percent of the proxies that read slowly: a window of 64 KiB, of which they take one
                           frame in 20 ms. They are not waited for; what is timed is the others (0)
          --envoys N       percent of the proxies that call themselves envoy, and get what a stock Envoy
                           gets                                                          (0)
          --fleets N       processes that the proxies are spread over, 1 to 16           (2)
          --json           one JSON document instead of tables

        Starts a control plane of its own on this machine with state in a temporary folder, and ends it. Phases: first
        sync of all proxies; one endpoint changes; one route changes; churn; the control plane is killed and started
        again, and every proxy comes back naming what it holds. Exit code 1 when a proxy missed something.

        examples:
          ./mesh bench xds
          ./mesh bench xds --services 100 --endpoints 5 --proxies 100 --namespaces 5
          ./mesh bench xds --proxies 2000 --scope all --json >xds.json
        """;

    public int Services { get; private init; } = 1000;

    public int Endpoints { get; private init; } = 20;

    public int Proxies { get; private init; } = 500;

    public int Namespaces { get; private init; } = 50;

    public string Scope { get; private init; } = "own";

    /// <summary>Every namespace may see every service.</summary>
    public bool SeesAll => Scope is not "own";

    /// <summary>How many services a proxy names; zero when it names none and is told of all it may see.</summary>
    public int Used => Scope is "auto" ? Math.Min(Calls, Services) : 0;

    private int Calls { get; init; } = 20;

    public int Changes { get; private init; } = 50;

    public TimeSpan Warmup { get; private init; } = TimeSpan.FromSeconds(15);

    public int Churn { get; private init; } = 100;

    public TimeSpan ChurnTime { get; private init; } = TimeSpan.FromSeconds(10);

    public int Fleets { get; private init; } = 2;

    public int Slow { get; private init; }

    public int Envoys { get; private init; }

    public bool Json { get; private init; }

    /// <summary>Reads the flags that follow the word <c>xds</c>.</summary>
    public static XdsArguments? Read(IReadOnlyList<string> flags, out string error)
    {
        error = "";
        var read = FlagReading.Read(
            flags,
            new XdsArguments(),
            a => a with { Json = true },
            static (XdsArguments a, string flag, string value, ref string wrong) => a.With(flag, value, ref wrong),
            ref error);

        if (error.Length == 0 && read.Services < read.Namespaces) error = "there must be a service for each namespace";
        return error.Length == 0 ? read : null;
    }

    private XdsArguments With(string flag, string value, ref string error)
    {
        switch (flag)
        {
            case "--services": return this with { Services = FlagReading.Number(flag, value, 1, 5000, ref error) };
            case "--endpoints": return this with { Endpoints = FlagReading.Number(flag, value, 1, 200, ref error) };
            case "--proxies": return this with { Proxies = FlagReading.Number(flag, value, 1, 20_000, ref error) };
            case "--namespaces": return this with { Namespaces = FlagReading.Number(flag, value, 1, 500, ref error) };
            case "--changes": return this with { Changes = FlagReading.Number(flag, value, 1, 10_000, ref error) };
            case "--warmup": return this with { Warmup = TimeSpan.FromSeconds(FlagReading.Number(flag, value, 0, 600, ref error)) };
            case "--churn": return this with { Churn = FlagReading.Number(flag, value, 0, 10_000, ref error) };
            case "--seconds": return this with { ChurnTime = TimeSpan.FromSeconds(FlagReading.Number(flag, value, 1, 600, ref error)) };
            case "--fleets": return this with { Fleets = FlagReading.Number(flag, value, 1, 16, ref error) };
            case "--slow": return this with { Slow = FlagReading.Number(flag, value, 0, 99, ref error) };
            case "--envoys": return this with { Envoys = FlagReading.Number(flag, value, 0, 100, ref error) };
            case "--used": return this with { Calls = FlagReading.Number(flag, value, 1, 1000, ref error) };
            case "--scope" when value is "own" or "all" or "auto": return this with { Scope = value };
            case "--scope": error = $"--scope must be 'own', 'all' or 'auto', not '{value}'"; return this;
            default: error = $"unknown flag '{flag}'; --help lists them all"; return this;
        }
    }
}
