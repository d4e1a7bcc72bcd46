using System.Globalization;
using System.Reflection;

namespace MeshOrleans.Benchmarks.Measuring;

/// <summary>What the figures were measured on and of.</summary>
/// <param name="Cores">Processors that this process may use.</param>
/// <param name="MemoryMegabytes">Memory of the machine.</param>
/// <param name="Commit">What was built.</param>
/// <param name="MeasuredAt">When the run began.</param>
internal sealed record Machine(int Cores, double MemoryMegabytes, string Commit, DateTimeOffset MeasuredAt)
{
    public static Machine Look(TimeProvider clock) => new(
        Environment.ProcessorCount,
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e6),
        CommitOf(typeof(Machine).Assembly),
        clock.GetUtcNow());

    /// <summary>How many processes want a processor, over the last minute.</summary>
    public static double LoadAverage() =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    // The SDK appends the commit to the version.
    private static string CommitOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')
            is [_, var hash]
            ? hash[..Math.Min(hash.Length, 12)]
            : "unknown";
}
