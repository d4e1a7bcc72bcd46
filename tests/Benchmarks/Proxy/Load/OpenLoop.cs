using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Benchmarks.Proxy.Load;

/// <summary>What the paced phase of one turn came to.</summary>
/// <param name="Latencies">From the instant a request was due to the end of its answer.</param>
/// <param name="Failed">Requests without a right answer.</param>
internal sealed record PacedLoad(IReadOnlyList<TimeSpan> Latencies, int Failed);

/// <summary>
/// Sends at instants that were drawn before (Poisson), each connection on a thread of its own that sleeps between them: a
/// slow answer delays no other connection's requests, and its own next ones count from when they were due.
/// </summary>
internal static class OpenLoop
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>Runs one turn.</summary>
    /// <param name="entry">Where the pair listens.</param>
    /// <param name="host">The <c>Host</c> header.</param>
    /// <param name="connections">How many connections.</param>
    /// <param name="rate">Requests per second of all of them.</param>
    /// <param name="turn">How long.</param>
    /// <param name="seed">For the instants: the same for every pair of a round.</param>
    public static async Task<PacedLoad> RunAsync(
        IPEndPoint entry, string host, int connections, int rate, TimeSpan turn, int seed)
    {
        var begin = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10); // all threads are up by then
        var threads = Enumerable.Range(0, connections).Select(i =>
        {
            var due = Instants(new Random(HashCode.Combine(seed, i)), rate / (double)connections, turn, begin);
            return Task.Factory.StartNew(
                () => Send(entry, host, due),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }).ToArray();
        var parts = await Task.WhenAll(threads);
        return new PacedLoad([.. parts.SelectMany(p => p.Latencies)], parts.Sum(p => p.Failed));
    }

    private static List<long> Instants(Random random, double perSecond, TimeSpan turn, long begin)
    {
        var due = new List<long>();
        for (var at = 0.0; ;)
        {
            at += -Math.Log(1 - random.NextDouble()) / perSecond;
            if (at >= turn.TotalSeconds) return due;
            due.Add(begin + (long)(at * Stopwatch.Frequency));
        }
    }

    private static PacedLoad Send(IPEndPoint entry, string host, List<long> due)
    {
        Pause.BeExact();
        var (latencies, failed) = (new List<TimeSpan>(due.Count), 0);
        Caller? caller = null;
        try
        {
            foreach (var instant in due)
            {
                Pause.Until(instant);
                try
                {
                    caller ??= new Caller(entry, host, _patience);
                    if (caller.Call())
                    {
                        latencies.Add(Stopwatch.GetElapsedTime(instant));
                        continue;
                    }
                }
                catch (SocketException)
                {
                    // counted below, on a new connection from here on
                }

                failed++;
                caller?.Dispose();
                caller = null;
            }
        }
        finally
        {
            caller?.Dispose();
        }

        return new PacedLoad(latencies, failed);
    }
}
