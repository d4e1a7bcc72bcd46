using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MeshOrleans.Benchmarks.Proxy.Load;

/// <summary>Waits for an instant to within a few microseconds without using a processor meanwhile.</summary>
internal static partial class Pause
{
    private const int Monotonic = 1, Absolute = 1, SetTimerSlack = 29; // clock_nanosleep(2), prctl(2)

    /// <summary>The kernel rounds this thread's waits by 50 us unless it is told not to.</summary>
    public static void BeExact() => _ = Control(SetTimerSlack, 1, 0, 0, 0);

    /// <summary>Returns at an instant of <see cref="Stopwatch"/>, or at once when it has passed.</summary>
    public static void Until(long timestamp)
    {
        // Stopwatch counts nanoseconds of the monotonic clock here
        var time = new TimeSpec(timestamp / 1_000_000_000, timestamp % 1_000_000_000);
        while (Stopwatch.GetTimestamp() < timestamp) _ = Sleep(Monotonic, Absolute, in time, 0);
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int Sleep(int clock, int flags, in TimeSpec until, nint rest);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint argument, nuint third, nuint fourth, nuint fifth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
