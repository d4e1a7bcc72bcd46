using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Proxy.Load;

/// <summary>What the saturated phase of one turn came to.</summary>
/// <param name="Requests">Answers of any kind.</param>
/// <param name="PerSecond">Of them, per second.</param>
/// <param name="P99">99 of 100 took at most this, in milliseconds.</param>
/// <param name="Failed">Answers that are not 2xx or 3xx, and broken connections.</param>
internal sealed record SaturatedLoad(long Requests, double PerSecond, double P99, long Failed);

/// <summary>The load generator wrk (its package has that name): as many requests as the pair can answer.</summary>
internal static partial class Wrk
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <exception cref="InvalidOperationException">wrk is not there, or said something unknown.</exception>
    public static async Task<SaturatedLoad> RunAsync(IPEndPoint entry, string host, int connections, TimeSpan turn)
    {
        var threads = Math.Min(2, connections);
        await using var wrk = MeshProcess.StartProgram("wrk", "wrk", [
            "-t", Text(threads), "-c", Text(connections), "-d", $"{Text((int)turn.TotalSeconds)}s", "--latency",
            "-H", $"Host: {host}", $"http://{entry}/",
        ]);
        await wrk.WaitForExitAsync(turn + _patience);
        var said = wrk.Tail();
        if (Requests().Match(said) is not { Success: true } requests || PerSecond().Match(said) is not { Success: true } rate)
        {
            throw new InvalidOperationException($"wrk did not say how many requests it made:\n{said}");
        }

        var failed = NotGood().Matches(said).Sum(m => Number(m.Groups[1].Value))
            + SocketErrors().Matches(said).Sum(m => Number(m.Groups[1].Value));
        var (value, unit) = P99().Match(said) is { Success: true } p99 ? (p99.Groups[1].Value, p99.Groups[2].Value) : ("0", "ms");
        var scale = unit switch { "us" => 0.001, "s" => 1000, _ => 1 };
        return new SaturatedLoad(
            Number(requests.Groups[1].Value),
            double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture),
            double.Parse(value, CultureInfo.InvariantCulture) * scale,
            failed);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex P99();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex NotGood();

    [GeneratedRegex(@"(?:connect|read|write|timeout) (\d+)")]
    private static partial Regex SocketErrors();
}
