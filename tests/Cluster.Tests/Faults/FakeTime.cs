namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>
/// Moves the wall clock of one silo while it runs: libfaketime reads the shift from a file each time. The monotonic clock
/// is left alone, as it is when somebody sets a machine's clock.
/// </summary>
internal static class FakeTime
{
    /// <summary>The silo whose clock can be moved.</summary>
    public const string Silo = "silo-3";

    private static readonly string _file = Path.Combine(Path.GetTempPath(), $"mesh-faketime-{Environment.ProcessId}");

    /// <summary>The library; null when it is not installed.</summary>
    public static string? Library { get; } = Directory.Exists("/usr/lib")
        ? Directory.GetDirectories("/usr/lib", "*-linux-gnu")
            .Select(d => Path.Combine(d, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        : null;

    /// <summary>The variables of a process.</summary>
    public static IReadOnlyDictionary<string, string>? For(string name)
    {
        if (name != Silo || Library is null) return null;
        Move(TimeSpan.Zero);
        return new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = Library,
            ["FAKETIME_TIMESTAMP_FILE"] = _file,
            ["FAKETIME_NO_CACHE"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
    }

    /// <summary>Sets the clock so far ahead of the true time; negative sets it back.</summary>
    public static void Move(TimeSpan ahead) => File.WriteAllText(_file, $"{ahead.TotalSeconds:+0;-0;+0}\n");
}
