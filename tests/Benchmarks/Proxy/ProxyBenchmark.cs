using System.Diagnostics;
using MeshOrleans.Benchmarks.Measuring;
using MeshOrleans.Benchmarks.Proxy.Load;
using MeshOrleans.Benchmarks.Proxy.Pairs;

namespace MeshOrleans.Benchmarks.Proxy;

/// <summary>All pairs side by side, each with its turn in every round.</summary>
internal sealed class ProxyBenchmark : IAsyncDisposable
{
    private const int Seed = 1;
    private readonly ProxyArguments _arguments;
    private readonly string _folder;
    private readonly List<IPair> _pairs = [];
    private readonly Dictionary<string, Turns> _turns = [];
    private Backend? _backend;

    private ProxyBenchmark(ProxyArguments arguments, string folder) => (_arguments, _folder) = (arguments, folder);

    public static async Task<ProxyReport> RunAsync(
        ProxyArguments arguments, TimeProvider clock, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("mesh-bench-");
        try
        {
            var machine = Machine.Look(clock);
            await using var benchmark = new ProxyBenchmark(arguments, directory.FullName);
            await benchmark.StartAsync(clock);
            await benchmark.WarmUpAsync(cancellationToken);
            for (var round = 1; round <= arguments.Rounds; round++)
            {
                await benchmark.RoundAsync(round, cancellationToken);
            }

            var starts = await benchmark.MeasureStartsAsync(cancellationToken);
            return new ProxyReport(
                machine,
                arguments.Rounds,
                arguments.Turn.TotalSeconds,
                arguments.Rate,
                arguments.Connections,
                arguments.IsHttp2 ? "HTTP/2" : "HTTP/1.1",
                [.. benchmark._pairs.Select(p => PairResult.Of(p.Name, benchmark._turns[p.Name].All, benchmark._turns[p.Name].Idle, starts[p.Name]))]);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pair in _pairs) await pair.DisposeAsync();
        if (_backend is not null) await _backend.DisposeAsync();
    }

    private async Task StartAsync(TimeProvider clock)
    {
        var folder = _folder;
        Tell("starting the backend and the pairs ...");
        if (Environment.UserName == "root") OpenToWorkers(folder);
        _backend = Backend.Start(Path.Combine(folder, "backend"), _arguments.IsHttp2);
        var certificates = PairCertificates.Create(Path.Combine(folder, "certificates"), clock);
        foreach (var name in _arguments.Pairs)
        {
            var own = Path.Combine(folder, name);
            _pairs.Add(name switch
            {
                "direct" => new DirectPair(_backend),
                "nginx" => NginxPair.Start(own, certificates, _backend),
                "haproxy" => HaproxyPair.Start(own, certificates, _backend, multiplexed: false),
                "haproxy-mux" => HaproxyPair.Start(own, certificates, _backend, multiplexed: true),
                _ => await MeshPair.StartAsync(name, own, _backend),
            });
            _turns.Add(name, new Turns());
        }

        foreach (var pair in _pairs) await AnswerAsync(pair, Stopwatch.GetTimestamp());
    }

    // Code that has run for a while is not the code that starts.
    private async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        foreach (var pair in _pairs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Tell($"warming up {pair.Name} ...");
            _turns[pair.Name].Idle = Usage(pair).Megabytes;
            await SaturateAsync(pair);
        }
    }

    private async Task RoundAsync(int round, CancellationToken cancellationToken)
    {
        foreach (var pair in _pairs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Tell($"round {round} of {_arguments.Rounds}: {pair.Name} ...");
            var turn = await PaceAsync(pair, await SaturateAsync(pair), Seed + round);
            _turns[pair.Name].All.Add(turn with { Megabytes = Usage(pair).Megabytes });
        }
    }

    private async Task<Dictionary<string, List<double>>> MeasureStartsAsync(CancellationToken cancellationToken)
    {
        var starts = _pairs.ToDictionary(p => p.Name, _ => new List<double>());
        for (var round = 1; round <= _arguments.Rounds; round++)
        {
            foreach (var pair in _pairs.Where(p => p.ProcessIds.Count > 0))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Tell($"start {round} of {_arguments.Rounds}: {pair.Name} ...");
                await pair.EndOutboundAsync();
                var begin = Stopwatch.GetTimestamp();
                pair.StartOutbound();
                starts[pair.Name].Add((await AnswerAsync(pair, begin)).TotalMilliseconds);
            }
        }

        return starts;
    }

    private async Task<Turn> SaturateAsync(IPair pair)
    {
        var before = Usage(pair).CpuSeconds;
        var (connections, length) = (_arguments.Connections, _arguments.Turn);
        var load = _arguments.IsHttp2
            ? await H2load.SaturateAsync(pair.Entry, pair.Host, connections, length, _folder)
            : await Wrk.RunAsync(pair.Entry, pair.Host, connections, length);
        return new Turn
        {
            SaturatedPerSecond = load.PerSecond,
            SaturatedP99 = load.P99,
            SaturatedCpu = 1e6 * (Usage(pair).CpuSeconds - before) / Math.Max(1, load.Requests),
            Failed = load.Failed,
        };
    }

    private async Task<Turn> PaceAsync(IPair pair, Turn turn, int seed)
    {
        var (cpu, bytes) = (Usage(pair).CpuSeconds, await pair.ReadAllocatedAsync());
        var (connections, rate, length) = (_arguments.Connections, _arguments.Rate, _arguments.Turn);
        var load = _arguments.IsHttp2
            ? await H2load.PaceAsync(pair.Entry, pair.Host, connections, rate, length, _folder)
            : await OpenLoop.RunAsync(pair.Entry, pair.Host, connections, rate, length, seed);
        var used = Usage(pair).CpuSeconds - cpu;
        var allocated = await pair.ReadAllocatedAsync() - bytes;
        var count = Math.Max(1, load.Latencies.Count);
        return turn with
        {
            Paced = Spread.Of(load.Latencies),
            PacedCpu = 1e6 * used / count,
            PacedBytes = (double?)allocated / count,
            Failed = turn.Failed + load.Failed,
        };
    }

    private Task<TimeSpan> AnswerAsync(IPair pair, long since) =>
        FirstAnswer.AwaitAsync(pair.Entry, pair.Host, since, _arguments.IsHttp2);

    private static (double CpuSeconds, double Megabytes) Usage(IPair pair)
    {
        var figures = pair.ProcessIds.Select(ProcessFigures.Of).ToArray();
        return (figures.Sum(f => f.CpuSeconds), figures.Sum(f => f.Megabytes));
    }

    // nginx's workers are nobody when root starts them, and look into the folder for what they put off
    private static void OpenToWorkers(string folder) => File.SetUnixFileMode(
        folder,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

    private sealed class Turns
    {
        public double Idle { get; set; }

        public List<Turn> All { get; } = [];
    }

    private static void Tell(string line) => Console.Error.WriteLine($"mesh-bench: {line}");
}
