using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Measuring;

/// <summary>What the processes under test, and this one, have used so far, by name.</summary>
/// <param name="CpuSeconds">User and system time since their start.</param>
/// <param name="ResidentMegabytes">Memory now; PostgreSQL's processes count their shared buffers each.</param>
internal sealed record ProcessUsage(
    ImmutableSortedDictionary<string, double> CpuSeconds, ImmutableSortedDictionary<string, double> ResidentMegabytes)
{
    /// <summary>This process.</summary>
    public const string LoadName = "load";

    /// <summary>Looks now.</summary>
    public static ProcessUsage Read(Cluster cluster)
    {
        var seen = cluster.Silos.ToDictionary(s => s.Name, s => ProcessFigures.Of(s.Process.Id));
        seen[LoadName] = ProcessFigures.Of(Environment.ProcessId);
        seen["postgres"] = ReadPostgres(cluster);
        return new ProcessUsage(
            seen.ToImmutableSortedDictionary(s => s.Key, s => s.Value.CpuSeconds),
            seen.ToImmutableSortedDictionary(s => s.Key, s => s.Value.Megabytes));
    }

    /// <summary>What was used since an earlier look.</summary>
    public ImmutableSortedDictionary<string, double> Since(ProcessUsage earlier) =>
        CpuSeconds.ToImmutableSortedDictionary(c => c.Key, c => Math.Round(c.Value - earlier.CpuSeconds[c.Key], 2));

    // The server has a process for each connection; those that have ended are in its own figures.
    private static ProcessFigures ReadPostgres(Cluster cluster)
    {
        var file = Path.Combine(cluster.Secrets, "postgres", "data", "postmaster.pid");
        var id = int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture);
        var server = ProcessFigures.Of(id);
        var children = Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), out var child) ? ProcessFigures.Of(child) : default)
            .Where(f => f.Parent == id)
            .ToArray();
        return server with
        {
            CpuSeconds = server.CpuSeconds + server.ReapedCpuSeconds + children.Sum(c => c.CpuSeconds),
            Megabytes = server.Megabytes + children.Sum(c => c.Megabytes),
        };
    }
}
