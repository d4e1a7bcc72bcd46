namespace MeshOrleans.Samples.Harness;

/// <summary>
/// Loopback addresses for members: each gets one of its own, as each would have its own host, so that many can serve
/// the same port on one machine.
/// </summary>
public static class LoopbackAddress
{
    private static int s_last;

    /// <summary>An address nobody in this process has been given, and hardly anybody in another.</summary>
    public static string Next()
    {
        var process = Environment.ProcessId % 15_000;
        var number = Interlocked.Increment(ref s_last);
        return $"127.{60 + process / 250}.{process % 250 + 1}.{number % 250 + 1}";
    }
}
