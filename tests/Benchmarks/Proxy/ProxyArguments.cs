using System.Collections.Immutable;

namespace MeshOrleans.Benchmarks.Proxy;

/// <summary>The flags of <c>mesh-bench proxy</c>.</summary>
internal sealed record ProxyArguments
{
    public const string Help = """
        mesh-bench proxy: a pair of sidecars beside pairs of nginx and haproxy (started by ./mesh bench proxy)

        usage: ./mesh bench proxy [flags]

          --pairs LIST     what is measured, of: direct, nginx, haproxy, haproxy-mux, mesh, mesh-native
                           (all but mesh-native, whose sidecars are compiled to native code first)
          --rounds N       rounds; in each every pair has its turn, 1 to 20                       (3)
          --seconds N      how long each turn of each phase lasts, 1 to 60                        (5)
          --rate N         requests per second of the paced phase, 1 to 20000                     (1000)
          --connections N  connections of the client, 1 to 512                (64; 8 with --protocol http2)
          --protocol WORD  what client and backend speak: http1, or http2 without TLS as gRPC does (http1)
          --json           one JSON document instead of tables

        Every pair is client -> outbound proxy -> TLS 1.3 with certificates of both sides (P-256) -> inbound proxy ->
        the same backend, which answers 200 with 1 KiB. All of it runs on this machine at the same time; one pair has
        load at a time. The hop between two proxies is HTTP/1.1 for nginx and haproxy, HTTP/2 for haproxy-mux and mesh.

        phases:
          paced       the open loop: requests are due at times drawn before, whether or not earlier ones are answered;
                      a latency counts from the instant the request was due
          saturated   every connection sends its next request as soon as the last one is answered (wrk)
          start       the outbound proxy is ended and started; until the first 200 comes through the pair

        With http2 both loads are made by h2load with 8 streams on each connection; nginx speaks HTTP/1.1 to nginx there,
        as it knows no other, and haproxy is haproxy-mux.

        Figures of different pairs may be compared within one run only. Exit code 1 when an answer was missing or wrong.

        examples:
          ./mesh bench proxy
          ./mesh bench proxy --pairs nginx,mesh --rounds 1 --seconds 2
          ./mesh bench proxy --rate 4000 --json >proxy.json
          ./mesh bench proxy --protocol http2
        """;

    public static readonly ImmutableArray<string> AllPairs =
        ["direct", "nginx", "haproxy", "haproxy-mux", "mesh", Native];

    /// <summary>The pair of sidecars that are compiled to native code.</summary>
    public const string Native = "mesh-native";

    public ImmutableArray<string> Pairs { get; private init; } = AllPairs.Remove(Native);

    public int Rounds { get; private init; } = 3;

    public TimeSpan Turn { get; private init; } = TimeSpan.FromSeconds(5);

    public int Rate { get; private init; } = 1000;

    public int Connections => Asked ?? (IsHttp2 ? 8 : 64);

    public bool IsHttp2 { get; private init; }

    private int? Asked { get; init; }

    public bool Json { get; private init; }

    /// <summary>Reads the flags that follow the word <c>proxy</c>.</summary>
    public static ProxyArguments? Read(IReadOnlyList<string> flags, out string error)
    {
        error = "";
        var read = FlagReading.Read(
            flags,
            new ProxyArguments(),
            a => a with { Json = true },
            static (ProxyArguments a, string flag, string value, ref string wrong) => a.With(flag, value, ref wrong),
            ref error);

        return error.Length == 0 ? read : null;
    }

    private ProxyArguments With(string flag, string value, ref string error)
    {
        switch (flag)
        {
            case "--pairs": return this with { Pairs = Names(value, ref error) };
            case "--rounds": return this with { Rounds = FlagReading.Number(flag, value, 1, 20, ref error) };
            case "--seconds": return this with { Turn = TimeSpan.FromSeconds(FlagReading.Number(flag, value, 1, 60, ref error)) };
            case "--rate": return this with { Rate = FlagReading.Number(flag, value, 1, 20_000, ref error) };
            case "--connections": return this with { Asked = FlagReading.Number(flag, value, 1, 512, ref error) };
            case "--protocol" when value is "http1" or "http2": return this with { IsHttp2 = value == "http2" };
            case "--protocol": error = $"--protocol must be 'http1' or 'http2', not '{value}'"; return this;
            default: error = $"unknown flag '{flag}'; --help lists them all"; return this;
        }
    }

    private static ImmutableArray<string> Names(string value, ref string error)
    {
        var names = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.FirstOrDefault(n => !AllPairs.Contains(n)) is { } unknown)
        {
            error = $"--pairs knows {string.Join(", ", AllPairs)}; not '{unknown}'";
        }

        return [.. names.Distinct()];
    }
}
