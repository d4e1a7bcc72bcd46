using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Benchmarks.Measuring;
using MeshOrleans.Samples.Harness;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Benchmarks.Identities;

/// <summary>One control plane, and nodes whose certificates are all replaced at once, over their streams.</summary>
internal sealed class IdentitiesBenchmark : IAsyncDisposable
{
    private const int Parallel = 16;

    // what a node may be behind the spread before it counts as missing
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly IdentitiesArguments _arguments;
    private readonly ControlPlane _control;
    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<IdentitiesPhase> _phases = [];

    private IdentitiesBenchmark(IdentitiesArguments arguments, ControlPlane control) =>
        (_arguments, _control) = (arguments, control);

    public static async Task<IdentitiesReport> RunAsync(
        IdentitiesArguments arguments, TimeProvider clock, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("mesh-bench-");
        try
        {
            var machine = Machine.Look(clock);
            Tell("starting a control plane ...");
            var control = await ControlPlane.StartAsync(
                Path.Combine(directory.FullName, "data"), "cluster.local", "--api-rate", "10000");
            await using var benchmark = new IdentitiesBenchmark(arguments, control);
            return await benchmark.MeasureAsync(machine, cancellationToken);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await System.Threading.Tasks.Parallel.ForEachAsync(_nodes, async (node, _) => await node.DisposeAsync());
        await _control.DisposeAsync();
    }

    private async Task<IdentitiesReport> MeasureAsync(Machine machine, CancellationToken cancellationToken)
    {
        var bundle = await _control.GetAsync("/v1/trust-bundle");
        using var root = X509Certificate2.CreateFromPem(bundle.GetProperty("roots")[0].GetString());
        for (var i = 0; i < _arguments.Nodes; i++) _nodes.Add(new SimulatedNode(i, _arguments.Namespaces, _control.Xds, root));
        await PhaseAsync("all join by a token", () => EachAsync(
            (node, token) => node.JoinAsync((ns, account) => _control.MintTokenAsync(ns, account), token), cancellationToken));
        await PhaseAsync("all open a stream", () => EachAsync((node, token) => node.OpenAsync(token), cancellationToken));

        var (call, spread, begin, missing) = (0.0, 0.0, 0L, 0);
        await PhaseAsync("all are replaced", async () =>
        {
            begin = Stopwatch.GetTimestamp();
            using var response = await _control.Api.PostAsJsonAsync(
                "/v1/identities/rotate", new { spreadSeconds = _arguments.SpreadSeconds }, cancellationToken);
            call = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            response.EnsureSuccessStatusCode();
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            spread = answer.GetProperty("spreadSeconds").GetDouble();
            missing = await MissingAsync(Patience + TimeSpan.FromSeconds(spread), cancellationToken);
        });
        var came = _nodes.Where(n => n.Replaced.IsCompletedSuccessfully).Select(n => Stopwatch.GetElapsedTime(begin, n.Replaced.Result));
        var listed = await _control.GetAsync("/v1/identities");
        var serials = listed.EnumerateArray().Select(i => i.GetProperty("serial").GetString()!).ToHashSet();
        return new IdentitiesReport(
            machine,
            _arguments.Nodes,
            spread,
            Math.Round(call),
            Spread.Of(came),
            missing,
            listed.EnumerateArray().Count(i => i.GetProperty("isDue").GetBoolean()),
            _nodes.Count(n => serials.Contains(n.FirstSerial)),
            [.. _phases]);
    }

    private async Task<int> MissingAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var all = Task.WhenAll(_nodes.Select(n => n.Replaced));
        try
        {
            await all.WaitAsync(patience, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Tell(exception.Message);
        }

        return _nodes.Count(n => !n.Replaced.IsCompletedSuccessfully);
    }

    private Task EachAsync(Func<SimulatedNode, CancellationToken, Task> act, CancellationToken cancellationToken) =>
        System.Threading.Tasks.Parallel.ForEachAsync(
            _nodes,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (node, token) =>
            {
                try
                {
                    await act(node, token);
                }
                catch (GrpcException exception)
                {
                    throw new InvalidOperationException($"{node.Id}: {exception.Status}", exception);
                }
            });

    private async Task PhaseAsync(string name, Func<Task> act)
    {
        Tell($"{name} ...");
        var (cpu, begin) = (ProcessFigures.Of(_control.Process.Id).CpuSeconds, Stopwatch.GetTimestamp());
        await act();
        var figures = ProcessFigures.Of(_control.Process.Id);
        _phases.Add(new IdentitiesPhase(
            name,
            Math.Round(Stopwatch.GetElapsedTime(begin).TotalSeconds, 2),
            Math.Round(figures.CpuSeconds - cpu, 2),
            figures.Megabytes));
    }

    private static void Tell(string line) => Console.Error.WriteLine($"mesh-bench: {line}");
}
