using System.Diagnostics;
using MeshOrleans.Benchmarks.Measuring;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Xds;

/// <summary>One control plane, a mesh in it, and proxies in processes of their own.</summary>
internal sealed class XdsBenchmark : IAsyncDisposable
{
    private const int Endpoints = 1, Routes = 3; // as the fleet numbers the types
    private const string RouteName = "80";

    private readonly XdsArguments _arguments;
    private readonly ControlPlane _control;
    private readonly MeshLoad _load;
    private readonly List<FleetProcess> _fleets = [];
    private readonly List<XdsPhase> _phases = [];
    private double _cpu;
    private long _began;

    private XdsBenchmark(XdsArguments arguments, ControlPlane control) =>
        (_arguments, _control, _load) = (arguments, control, new MeshLoad(arguments, control));

    public static async Task<XdsReport> RunAsync(
        XdsArguments arguments, TimeProvider clock, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("mesh-bench-");
        try
        {
            var machine = Machine.Look(clock);
            Tell("starting a control plane ...");
            await using var benchmark = new XdsBenchmark(
                arguments, await ControlPlane.StartAsync(Path.Combine(directory.FullName, "data")));
            return await benchmark.MeasureAsync(machine, cancellationToken);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var fleet in _fleets) await fleet.DisposeAsync();
        await _control.DisposeAsync();
    }

    private async Task<XdsReport> MeasureAsync(Machine machine, CancellationToken cancellationToken)
    {
        Tell($"applying {_arguments.Services} services ...");
        await _load.PrepareAsync(cancellationToken);
        var before = ProcessFigures.Of(_control.Process.Id).Megabytes;
        var each = (_arguments.Proxies + _arguments.Fleets - 1) / _arguments.Fleets;
        for (var first = 0; first < _arguments.Proxies; first += each)
        {
            _fleets.Add(FleetProcess.Start(
                _control.XdsPlain!, first, Math.Min(each, _arguments.Proxies - first), _arguments));
        }

        await AskAsync("since"); // they are up
        await SyncAsync("first sync", () => AskAsync("connect"));
        await WarmAsync(cancellationToken);
        await ChangeAsync("one endpoint", Endpoints, MeshLoad.ClusterOf, (t, _) => _load.FlipAsync(t, cancellationToken));
        await ChangeAsync("one route", Routes, _ => RouteName, (t, number) => _load.ChangeRouteAsync(t, number));
        if (_arguments.Churn > 0) await ChurnAsync(cancellationToken);
        await SyncAsync("all come back", RestartAsync);
        return new XdsReport(
            machine,
            _arguments.Services,
            _arguments.Endpoints,
            _arguments.Proxies,
            _arguments.Namespaces,
            _arguments.Scope,
            _arguments.Slow,
            _arguments.Envoys,
            before,
            [.. _phases]);
    }

    private async Task RestartAsync()
    {
        _control.Process.Kill();
        await _control.Process.WaitForExitAsync(TimeSpan.FromSeconds(30));
        await _control.RestartAsync();
        (_cpu, _began) = (ProcessFigures.Of(_control.Process.Id).CpuSeconds, Stopwatch.GetTimestamp()); // from here it listens
    }

    private async Task SyncAsync(string name, Func<Task> begin)
    {
        Tell($"{name} ...");
        await BeginAsync();
        await begin();
        var answers = await Task.WhenAll(_fleets.Select(f => f.AskAsync("synced")));
        var last = Stopwatch.GetElapsedTime(_began, answers.Max(a => a.GetProperty("at").GetInt64()));
        _phases.Add(await EndAsync(name, 1, [], [last], missing: 0, _arguments.Proxies));
    }

    private async Task ChangeAsync(string name, int type, Func<int, string> resource, Func<int, int, Task> change)
    {
        Tell($"{name} ...");
        var (toProxy, toLast, missing, concerned) = (new List<TimeSpan>(), new List<TimeSpan>(), 0, 0);
        await BeginAsync();
        for (var number = 0; number < _arguments.Changes; number++)
        {
            var target = number % _load.Targets;
            var subscribers = _fleets.Select(f => Enumerable.Range(f.First, f.Count).Count(i => Sees(i, target))).ToArray();
            await Task.WhenAll(_fleets.Select((f, i) => f.AskAsync($"expect {type} {resource(target)} {subscribers[i]}")));
            var begin = Stopwatch.GetTimestamp();
            await change(target, number);
            var answers = await Task.WhenAll(_fleets.Select(f => f.AskAsync("arrived")));
            var arrivals = answers.SelectMany(a => a.GetProperty("at").EnumerateArray().Select(e => e.GetInt64())).ToArray();
            missing += Math.Max(0, subscribers.Sum() - arrivals.Length);
            concerned = Math.Max(concerned, subscribers.Sum());
            toProxy.AddRange(arrivals.Select(a => Stopwatch.GetElapsedTime(begin, a)));
            if (arrivals.Length > 0) toLast.Add(Stopwatch.GetElapsedTime(begin, arrivals.Max()));
        }

        _phases.Add(await EndAsync(name, _arguments.Changes, toProxy, toLast, missing, concerned));
    }

    // A route is in the one configuration of its port, for whoever sees the service.
    private bool Sees(int proxy, int target) => !MeshLoad.IsAmong(proxy, _arguments.Slow) && _arguments.Scope switch
    {
        "all" => true,
        "own" => proxy % _arguments.Namespaces == target,
        _ => (target - (proxy % _arguments.Namespaces) + _arguments.Services) % _arguments.Services < _arguments.Used,
    };

    // Some changes of either kind a second, and then a second of calm.
    private async Task WarmAsync(CancellationToken cancellationToken)
    {
        if (_arguments.Warmup == TimeSpan.Zero) return;
        Tell("warming up ...");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        for (var (number, begin) = (0, Stopwatch.GetTimestamp()); Stopwatch.GetElapsedTime(begin) < _arguments.Warmup; number++)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            await _load.FlipAsync(number % _load.Targets, cancellationToken);
            if (number % 20 == 0) await _load.ChangeRouteAsync(number / 20 % _load.Targets, -1 - number);
        }

        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
    }

    private async Task ChurnAsync(CancellationToken cancellationToken)
    {
        Tell($"churn, {_arguments.Churn} changes per second ...");
        await BeginAsync();
        var calls = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / _arguments.Churn));
        var count = (int)(_arguments.Churn * _arguments.ChurnTime.TotalSeconds);
        for (var number = 0; number < count; number++)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            calls.Add(_load.FlipAsync(number % _load.Targets, cancellationToken));
        }

        await Task.WhenAll(calls);
        _phases.Add(await EndAsync("churn", count, [], [], missing: 0, _arguments.Proxies));
    }

    private async Task BeginAsync()
    {
        await AskAsync("since");
        (_cpu, _began) = (ProcessFigures.Of(_control.Process.Id).CpuSeconds, Stopwatch.GetTimestamp());
    }

    private async Task<XdsPhase> EndAsync(
        string name, int changes, IEnumerable<TimeSpan> toProxy, IEnumerable<TimeSpan> toLast, int missing, int concerned)
    {
        var seconds = Stopwatch.GetElapsedTime(_began).TotalSeconds;
        var totals = await Task.WhenAll(_fleets.Select(f => f.AskAsync("since")));
        var figures = ProcessFigures.Of(_control.Process.Id);
        return new XdsPhase
        {
            Name = name,
            Changes = changes,
            ToProxy = Spread.Of(toProxy),
            ToLast = Spread.Of(toLast),
            Missing = missing,
            BytesPerProxy = Sum("bytes") / (double)Math.Max(1, concerned) / changes,
            Resources = Sum("resources"),
            Repeated = Sum("repeated"),
            CpuSeconds = Math.Round(figures.CpuSeconds - _cpu, 2),
            Megabytes = figures.Megabytes,
            Seconds = Math.Round(seconds, 2),
        };

        long Sum(string field) => totals.Sum(t => t.GetProperty(field).GetInt64());
    }

    private async Task AskAsync(string line) => await Task.WhenAll(_fleets.Select(f => f.AskAsync(line)));

    private static void Tell(string line) => Console.Error.WriteLine($"mesh-bench: {line}");
}
