using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace MeshOrleans.Benchmarks.Xds;

/// <summary>A process with many simulated proxies, as the benchmark calls it.</summary>
internal sealed class FleetProcess : IAsyncDisposable
{
    private readonly Process _process;

    private FleetProcess(Process process, int first, int count) => (_process, First, Count) = (process, first, count);

    /// <summary>The number of its first proxy.</summary>
    public int First { get; }

    /// <summary>How many proxies it holds.</summary>
    public int Count { get; }

    /// <summary>Starts this program again as a fleet; it does nothing until it is told to.</summary>
    public static FleetProcess Start(string gateway, int first, int count, XdsArguments arguments)
    {
        var (host, port) = (gateway[..gateway.LastIndexOf(':')], gateway[(gateway.LastIndexOf(':') + 1)..]);
        int[] rest = [first, count, arguments.Namespaces, arguments.Services, arguments.Used, arguments.Slow, arguments.Envoys];
        string[] numbers = [port, .. rest.Select(n => n.ToString(CultureInfo.InvariantCulture))];
        var process = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(FleetProcess).Assembly.Location, "xds-fleet", host, .. numbers])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        return new FleetProcess(process, first, count);
    }

    /// <summary>Says a line and returns the answer.</summary>
    /// <exception cref="InvalidOperationException">It has ended; it has said why.</exception>
    public async Task<JsonElement> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await _process.StandardOutput.ReadLineAsync() is { } answer
            ? JsonSerializer.Deserialize<JsonElement>(answer)
            : throw new InvalidOperationException("A process with simulated proxies has ended.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
