using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Proxy.Load;

/// <summary>The load generator h2load (package nghttp2-client): HTTP/2 without TLS, many streams on few connections.</summary>
internal static partial class H2load
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>Streams on each connection at a time.</summary>
    public const int Streams = 8;

    /// <summary>As many requests as the pair can answer.</summary>
    public static async Task<SaturatedLoad> SaturateAsync(
        IPEndPoint entry, string host, int connections, TimeSpan turn, string folder)
    {
        var load = await RunAsync(entry, host, connections, turn, rate: null, folder);
        var p99 = Measuring.Spread.Of(load.Latencies)?.P99 ?? double.NaN;
        var good = load.Latencies.Count;
        return new SaturatedLoad(good, good / turn.TotalSeconds, p99, load.Failed);
    }

    /// <summary>So many requests per second of all connections; a connection sends its next ones in small bursts.</summary>
    public static Task<PacedLoad> PaceAsync(
        IPEndPoint entry, string host, int connections, int rate, TimeSpan turn, string folder) =>
        RunAsync(entry, host, connections, turn, Math.Max(1, rate / connections), folder);

    private static async Task<PacedLoad> RunAsync(
        IPEndPoint entry, string host, int connections, TimeSpan turn, int? rate, string folder)
    {
        var log = Path.Combine(folder, "h2load.log");
        File.Delete(log);
        await using var h2load = MeshProcess.StartProgram("h2load", "h2load", [
            "-t", "1", "-c", Text(connections), "-m", Text(Streams), "-D", Text((int)turn.TotalSeconds),
            "-H", $":authority: {host}", $"--log-file={log}", .. rate is { } each ? [$"--rps={Text(each)}"] : Array.Empty<string>(),
            $"http://{entry}/",
        ]);
        await h2load.WaitForExitAsync(turn + _patience);
        if (Requests().Match(h2load.Tail()) is not { Success: true } summary)
        {
            throw new InvalidOperationException($"h2load did not say how many requests it made:\n{h2load.Tail()}");
        }

        // a line for each answer: when it began, its status, how long it took, in microseconds
        var latencies = new List<TimeSpan>();
        await foreach (var line in File.ReadLinesAsync(log))
        {
            if (line.Split('\t') is [_, "200", var took])
            {
                latencies.Add(TimeSpan.FromMicroseconds(long.Parse(took, CultureInfo.InvariantCulture)));
            }
        }

        // those that were under way when the time was over are no failures
        var failed = int.Parse(summary.Groups[1].Value, CultureInfo.InvariantCulture)
            + int.Parse(summary.Groups[2].Value, CultureInfo.InvariantCulture);
        return new PacedLoad(latencies, latencies.Count == 0 ? Math.Max(1, failed) : failed);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) failed, (\d+) errored")]
    private static partial Regex Requests();
}
