using System.Runtime.InteropServices;

namespace MeshOrleans.Samples.Harness;

/// <summary>What one process can tell another.</summary>
internal enum ProcessSignal
{
    /// <summary>SIGKILL.</summary>
    Kill = 9,

    /// <summary>SIGTERM.</summary>
    Terminate = 15,

    /// <summary>SIGCONT.</summary>
    Continue = 18,

    /// <summary>SIGSTOP.</summary>
    Stop = 19,
}

/// <summary>Sends signals.</summary>
internal static partial class ProcessSignals
{
    /// <returns>False when there is no such process, or it is not ours.</returns>
    public static bool TrySend(int processId, ProcessSignal signal) => Send(processId, (int)signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int processId, int signal);
}
