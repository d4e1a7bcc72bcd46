using System.Diagnostics;
using System.Text.Json;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>The built program as a process of its own.</summary>
internal sealed class SidecarUnderTest : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly System.Diagnostics.Process _process;
    private readonly Task<string> _errors;
    private readonly System.Text.StringBuilder _output = new();

    private SidecarUnderTest(System.Diagnostics.Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static SidecarUnderTest Start(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "mesh-sidecar.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Where(
            k => k.StartsWith("MESH_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        return new SidecarUnderTest(System.Diagnostics.Process.Start(start)!);
    }

    /// <summary>The fields of the line that tells of this event; lines before it are passed over.</summary>
    public async Task<JsonElement> EventAsync(string name)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                _output.AppendLine(line);
                if (!line.Contains("\"event\"", StringComparison.Ordinal)) continue;
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.GetProperty("event").GetString() == name) return document.RootElement.Clone();
            }
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        throw new TimeoutException($"The sidecar has not said '{name}'; its log: {await _errors}");
    }

    /// <summary>Asks it to end, as an orchestrator does.</summary>
    public void Terminate()
    {
        using var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<(int ExitCode, string Errors)> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, await _errors);
    }

    /// <summary>All that it has written to its standard output, once it has ended.</summary>
    public async Task<string> OutputAsync() => $"{_output}{await _process.StandardOutput.ReadToEndAsync()}";

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
