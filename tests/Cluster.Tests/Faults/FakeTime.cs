namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>
/// A wall clock that can be moved while its process runs: libfaketime reads the shift from a file. The monotonic clock is
/// left alone, as it is when somebody sets a machine's clock.
/// </summary>
internal sealed class FakeTime : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public FakeTime() => Move(TimeSpan.Zero);

    /// <summary>The library; null when it is not installed.</summary>
    public static string? Library { get; } = Directory.Exists("/usr/lib")
        ? Directory.GetDirectories("/usr/lib", "*-linux-gnu")
            .Select(d => Path.Combine(d, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        : null;

    /// <summary>The variables of the process whose clock it is.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library ?? throw new InvalidOperationException("libfaketime is missing: apt-get install -y faketime"),
        ["FAKETIME_TIMESTAMP_FILE"] = _file,
        ["FAKETIME_CACHE_DURATION"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };

    /// <summary>Sets the clock so far ahead of the true time; negative sets it back.</summary>
    public void Move(TimeSpan ahead) => File.WriteAllText(_file, $"{ahead.TotalSeconds:+0;-0;+0}\n");

    public void Dispose() => File.Delete(_file);
}
