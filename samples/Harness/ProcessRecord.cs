using System.Globalization;

namespace MeshOrleans.Samples.Harness;

/// <summary>
/// Which process somebody started, kept in a file, so that whoever comes after an owner that was killed can end it. A
/// number may be somebody else's by then, so the moment at which the process started is kept with it, in the kernel's own
/// count, and the boot in which that count runs. Linux only: elsewhere nothing is kept, and so nothing ended.
/// </summary>
public static class ProcessRecord
{
    private const string Draft = ".new";
    private const int StartField = 19; // of those behind the name; proc(5) counts it as the 22nd
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Keeps which process it is; the file is whole or not there, and on a full disk it is not there.</summary>
    public static void Write(string path, int processId)
    {
        if (Identify(processId) is not { } identity) return;
        try
        {
            File.WriteAllText(path + Draft, identity);
            File.Move(path + Draft, path, overwrite: true);
        }
        catch (IOException)
        {
            // a process that could not be ended later is better than none
        }
    }

    /// <summary>Ends the process of a record, if it still runs: in good order, or after a while without; then forgets it.</summary>
    /// <returns>Whether there was one to end.</returns>
    /// <exception cref="InvalidOperationException">It is another user's.</exception>
    public static async Task<bool> EndAsync(string path)
    {
        var identity = await File.ReadAllTextAsync(path);
        var isRunning = TryRead(identity, out var processId) && Identify(processId) == identity;
        if (isRunning)
        {
            ProcessSignals.TrySend(processId, ProcessSignal.Terminate);
            ProcessSignals.TrySend(processId, ProcessSignal.Continue); // a frozen one hears nothing
            using var bound = new CancellationTokenSource(Patience);
            while (Identify(processId) == identity)
            {
                if (bound.IsCancellationRequested && !ProcessSignals.TrySend(processId, ProcessSignal.Kill)
                    && Identify(processId) == identity)
                {
                    throw new InvalidOperationException($"Process {processId} of {path} cannot be ended; end it first.");
                }

                await Task.Delay(Pause);
            }
        }

        File.Delete(path);
        return isRunning;
    }

    /// <summary>Number, start and boot of a running process; null when there is none.</summary>
    private static string? Identify(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // a name may hold anything
            var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            return fields[0] is "Z" or "X" ? null : string.Create(
                CultureInfo.InvariantCulture, $"{processId} {fields[StartField]} {boot}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool TryRead(string identity, out int processId) => int.TryParse(
        identity.AsSpan(0, Math.Max(0, identity.IndexOf(' '))), NumberStyles.None, CultureInfo.InvariantCulture, out processId);
}
