using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Clients;

/// <summary>
/// Changes the configuration at a steady pace, as an operator's pipeline would: every change has a number, is sent to one
/// process of the control plane, and on failure to another, until it is acknowledged.
/// </summary>
internal sealed class ConfigWriter : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private static int s_writers;

    private readonly string _reason = $"writer-{Interlocked.Increment(ref s_writers)}-change-";

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<ControlPlane> _processes;
    private readonly Func<TimeSpan> _pause;
    private readonly Task _loop;
    private long _longest;

    private ConfigWriter(IReadOnlyList<ControlPlane> processes, Func<TimeSpan> pause)
    {
        (_processes, _pause) = (processes, pause);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Begins.</summary>
    public static ConfigWriter Start(IEnumerable<ControlPlane> processes, double perMinute) =>
        new([.. processes], () => TimeSpan.FromMinutes(1 / perMinute));

    /// <summary>The changes that were acknowledged, in order, each with the revision it became.</summary>
    public ConcurrentQueue<(int Number, long Revision)> Acknowledged { get; } = new();

    /// <summary>Answers that were not 200.</summary>
    public ConcurrentQueue<string> Refusals { get; } = new();

    /// <summary>The longest that one change waited for its acknowledgement.</summary>
    public TimeSpan LongestWait => TimeSpan.FromTicks(Interlocked.Read(ref _longest));

    /// <summary>The resource whose host bears the number of the newest change.</summary>
    public static string Manifest(int number) =>
        "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: counter, namespace: default}, spec: "
        + $"{{hosts: [n{number}.counter.test], ports: [{{number: 80, name: http, protocol: HTTP}}], resolution: STATIC, "
        + "endpoints: [{address: 127.9.9.9}]}}";

    /// <summary>Waits until so many more changes were acknowledged.</summary>
    public async Task MoreAsync(int count)
    {
        var goal = Acknowledged.Count + count;
        for (var end = DateTime.UtcNow + _patience; Acknowledged.Count < goal; await Task.Delay(50))
        {
            if (_loop.IsFaulted) await _loop;
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException(
                    $"Only {Acknowledged.Count} of {goal} changes were acknowledged within {_patience.TotalSeconds} s; "
                    + $"last refusals:\n{string.Join('\n', Refusals.TakeLast(5))}\n{Complaints()}");
            }
        }
    }

    /// <summary>Ends with the change that is under way.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _loop;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // StopAsync and MoreAsync tell of it
        _stop.Dispose();
    }

    /// <summary>
    /// Counts what the history says: every acknowledged change is there once, under the revision that was told, in order.
    /// </summary>
    public async Task VerifyAsync(ControlPlane process)
    {
        var history = await HistoryAsync(process);
        var seen = history.Where(r => r.Number > 0).GroupBy(r => r.Number, r => r.Revision)
            .ToDictionary(r => r.Key, r => r.ToArray());
        var lost = Acknowledged.Where(a => !seen.ContainsKey(a.Number)).Select(a => a.Number).ToArray();
        Assert.True(lost.Length == 0, $"Lost changes: {string.Join(", ", lost)}.");
        Assert.All(seen, change => Assert.Single(change.Value));
        Assert.Equal(Acknowledged.Select(a => seen[a.Number][0]).Order(), Acknowledged.Select(a => seen[a.Number][0]));
        Assert.All(Acknowledged, a => Assert.Equal(seen[a.Number][0], a.Revision));
    }

    private async Task<List<(int Number, long Revision)>> HistoryAsync(ControlPlane process)
    {
        var history = new List<(int Number, long Revision)>();
        for (long before = 0; ;)
        {
            var page = (await process.GetAsync($"/v1/revisions?count=500&before={before}")).EnumerateArray().ToArray();
            foreach (var revision in page)
            {
                var reason = revision.GetProperty("reason").GetString()!;
                before = revision.GetProperty("revision").GetInt64();
                var number = reason.StartsWith(_reason, StringComparison.Ordinal)
                    ? int.Parse(reason[_reason.Length..], CultureInfo.InvariantCulture)
                    : 0;
                history.Add((number, before));
            }

            if (page.Length < 500) return history;
        }
    }

    /// <summary>What each process last said of the database and of others that do not answer.</summary>
    private string Complaints() => string.Join('\n', _processes.Select(p => string.Join(
        '\n', p.Process.Lines(" warn: ").TakeLast(12).Prepend($"--- {p.Process.Name}, last warnings ---"))));

    private async Task RunAsync()
    {
        for (var number = 1; !_stop.IsCancellationRequested; number++)
        {
            var begin = DateTime.UtcNow;
            var revision = await WriteAsync(number, begin);
            var waited = DateTime.UtcNow - begin;
            if (waited > LongestWait) Interlocked.Exchange(ref _longest, waited.Ticks);
            Acknowledged.Enqueue((number, revision));
            var rest = _pause() - waited;
            if (rest > TimeSpan.Zero) await Task.Delay(rest);
        }
    }

    private async Task<long> WriteAsync(int number, DateTime begin)
    {
        for (var attempt = number; ; attempt++)
        {
            try
            {
                using var body = new StringContent(Manifest(number), Encoding.UTF8, "application/yaml");
                using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(12));
                var process = _processes[attempt % _processes.Count];
                using var response = await process.Api.PostAsync($"/v1/config?reason={_reason}{number}", body, bound.Token);
                var text = await response.Content.ReadAsStringAsync(bound.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return JsonSerializer.Deserialize<JsonElement>(text).GetProperty("revision").GetInt64();
                }

                Refusals.Enqueue($"{DateTime.UtcNow:HH:mm:ss.f} {(int)response.StatusCode} {text}");
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
            {
                Refusals.Enqueue($"{DateTime.UtcNow:HH:mm:ss.f} {exception.Message}");
            }

            if (DateTime.UtcNow - begin > _patience)
            {
                throw new TimeoutException(
                    $"Change {number} was not acknowledged within {_patience.TotalSeconds} s:\n"
                    + $"{string.Join('\n', Refusals.TakeLast(5))}\n{Complaints()}");
            }

            await Task.Delay(200);
        }
    }
}
