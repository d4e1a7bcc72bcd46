namespace MeshOrleans.Benchmarks.Measuring;

/// <summary>What the kernel says of one process.</summary>
/// <param name="Parent">Who started it; zero when the process is gone.</param>
/// <param name="CpuSeconds">User and system time since its start.</param>
/// <param name="ReapedCpuSeconds">The same of its children that have ended.</param>
/// <param name="Megabytes">Resident memory.</param>
internal readonly record struct ProcessFigures(
    int Parent, double CpuSeconds, double ReapedCpuSeconds, double Megabytes)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux
    private const int ParentField = 1, UserTicks = 11, SystemTicks = 12, ReapedUserTicks = 13, ReapedSystemTicks = 14;
    private const int ResidentPages = 21;

    /// <summary>Looks now; a process that is gone has no figures.</summary>
    public static ProcessFigures Of(int id)
    {
        try
        {
            // what follows the name, which is in parentheses and may hold anything (proc(5))
            var text = File.ReadAllText($"/proc/{id}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ')
                .Select(f => long.TryParse(f, out var number) ? number : 0).ToArray();
            return new ProcessFigures(
                (int)fields[ParentField],
                (fields[UserTicks] + fields[SystemTicks]) / TicksPerSecond,
                (fields[ReapedUserTicks] + fields[ReapedSystemTicks]) / TicksPerSecond,
                Math.Round(fields[ResidentPages] * Environment.SystemPageSize / 1e6));
        }
        catch (IOException)
        {
            return default;
        }
    }
}
