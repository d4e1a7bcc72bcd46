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

    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux
    private const int Parent = 1, UserTicks = 11, SystemTicks = 12, ReapedUserTicks = 13, ReapedSystemTicks = 14;
    private const int ResidentPages = 21;

    /// <summary>Looks now.</summary>
    public static ProcessUsage Read(Cluster cluster)
    {
        var seen = cluster.Silos.ToDictionary(s => s.Name, s => Own(Stat(s.Process.Id)));
        seen[LoadName] = Own(Stat(Environment.ProcessId));
        seen["postgres"] = ReadPostgres(cluster);
        return new ProcessUsage(
            seen.ToImmutableSortedDictionary(s => s.Key, s => s.Value.Cpu),
            seen.ToImmutableSortedDictionary(s => s.Key, s => s.Value.Memory));
    }

    /// <summary>What was used since an earlier look.</summary>
    public ImmutableSortedDictionary<string, double> Since(ProcessUsage earlier) =>
        CpuSeconds.ToImmutableSortedDictionary(c => c.Key, c => Math.Round(c.Value - earlier.CpuSeconds[c.Key], 2));

    // The server has a process for each connection; those that have ended are in its own figures.
    private static (double Cpu, double Memory) ReadPostgres(Cluster cluster)
    {
        var file = Path.Combine(cluster.Secrets, "postgres", "data", "postmaster.pid");
        var server = int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture);
        var stat = Stat(server);
        var children = Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), out var id) ? Stat(id) : [])
            .Where(s => s.Length > 0 && s[Parent] == server)
            .Select(Own)
            .ToArray();
        var (cpu, memory) = Own(stat);
        var reaped = (stat[ReapedUserTicks] + stat[ReapedSystemTicks]) / TicksPerSecond;
        return (cpu + reaped + children.Sum(c => c.Item1), memory + children.Sum(c => c.Item2));
    }

    private static (double Cpu, double Memory) Own(long[] stat) => stat.Length == 0
        ? (0, 0)
        : ((stat[UserTicks] + stat[SystemTicks]) / TicksPerSecond,
            Math.Round(stat[ResidentPages] * Environment.SystemPageSize / 1e6));

    // What follows the name, which is in parentheses and may hold anything (proc(5)); empty when the process is gone.
    private static long[] Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            return [.. text[(text.LastIndexOf(')') + 2)..].Split(' ').Select(f => long.TryParse(f, out var n) ? n : 0)];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
