namespace MeshOrleans.Proxy.Sidecar.Process;

/// <summary>What the runtime must be told before it makes the first socket.</summary>
internal static class SocketTuning
{
    // Read once, by the part of the runtime that waits for sockets.
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>
    /// Lets what follows a read or a write run on the thread that waited for it, instead of waking one of the pool. The
    /// data plane goes on inline from there (DECISIONS.md, section 78), so nothing on it may block. A value that the
    /// environment sets stays.
    /// </summary>
    public static void Apply()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
        {
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        }
    }
}
