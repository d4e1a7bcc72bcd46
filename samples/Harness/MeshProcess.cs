using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace MeshOrleans.Samples.Harness;

/// <summary>
/// One child process that tells what it does in JSON lines on standard output. It is ended with its owner; what it last
/// said is part of every error.
/// </summary>
public sealed class MeshProcess : IAsyncDisposable
{
    private const int KeptLines = 20_000;
    private const int ToldLines = 100;

    // The variable that names a folder for all that every process prints, for whoever looks for a cause.
    private static readonly string? Logs = Environment.GetEnvironmentVariable("MESH_HARNESS_LOGS");

    private readonly Process _process;
    private readonly StreamWriter? _log;
    private readonly ConcurrentQueue<string> _tail = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> _events = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MeshProcess(string name, Process process)
    {
        (Name, _process) = (name, process);
        if (Logs is null) return;
        Directory.CreateDirectory(Logs);
        _log = new StreamWriter(Path.Combine(Logs, $"{name.Replace(' ', '-')}-{Guid.NewGuid():N}.log")) { AutoFlush = true };
    }

    /// <summary>What it is called in errors.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _exited.Task.IsCompleted;

    /// <summary>Starts a program of the mesh: <c>dotnet ASSEMBLY.dll ARGUMENTS</c>, or one of native code.</summary>
    public static MeshProcess Start(
        string name,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null) =>
        program.EndsWith(".dll", StringComparison.Ordinal)
            ? StartProgram(name, "dotnet", [program, .. arguments], environment)
            : StartProgram(name, program, arguments, environment);

    /// <summary>Starts a program of others, which need not tell events.</summary>
    /// <exception cref="InvalidOperationException">There is no such program.</exception>
    public static MeshProcess StartProgram(
        string name,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (key, value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var mesh = new MeshProcess(name, process);
        process.OutputDataReceived += (_, line) => mesh.OnLine(line.Data, isOutput: true);
        process.ErrorDataReceived += (_, line) => mesh.OnLine(line.Data, isOutput: false);
        process.Exited += (_, _) => mesh._exited.TrySetResult();
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            process.Dispose();
            throw new InvalidOperationException($"{program} cannot be started: {exception.Message}", exception);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return mesh;
    }

    /// <summary>Waits until the process has printed <c>{"event":"NAME",…}</c>, and returns that object.</summary>
    /// <exception cref="TimeoutException">It did not in time; the message holds what it said instead.</exception>
    public async Task<JsonElement> WaitForAsync(string eventName, TimeSpan timeout)
    {
        var happened = Event(eventName).Task;
        var first = await Task.WhenAny(happened, _exited.Task, Task.Delay(timeout));
        if (first == happened) return await happened;
        throw new TimeoutException(_exited.Task.IsCompleted
            ? $"{Name} ended before its event '{eventName}'.\n{Tail()}"
            : $"{Name} did not reach '{eventName}' within {timeout.TotalSeconds:F0} s.\n{Tail()}");
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="TimeoutException">It still runs.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        using var bound = new CancellationTokenSource(timeout);
        try
        {
            await _process.WaitForExitAsync(bound.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} still runs after {timeout.TotalSeconds:F0} s.\n{Tail()}");
        }
    }

    /// <summary>SIGTERM: asks it to end in good order.</summary>
    public void Terminate() => Signal(ProcessSignal.Terminate);

    /// <summary>SIGKILL: it gets no chance to do anything.</summary>
    public void Kill() => Signal(ProcessSignal.Kill);

    /// <summary>SIGSTOP: it stands still until <see cref="Resume"/>.</summary>
    public void Pause() => Signal(ProcessSignal.Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signal(ProcessSignal.Continue);

    /// <summary>The last lines it printed.</summary>
    public string Tail() => $"--- {Name}, last lines ---\n{string.Join('\n', _tail.TakeLast(ToldLines))}";

    /// <summary>Whether it has printed a text, as far back as is kept.</summary>
    public bool Said(string text) => Lines(text).Any();

    /// <summary>The lines that have a text in them, as far back as is kept.</summary>
    public IEnumerable<string> Lines(string text) => _tail.Where(line => line.Contains(text, StringComparison.Ordinal));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal(ProcessSignal.Continue);
            Signal(ProcessSignal.Kill);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        if (_log is not null) await _log.DisposeAsync();
    }

    private void OnLine(string? line, bool isOutput)
    {
        if (line is null) return;
        if (_log is not null)
        {
            lock (_log) _log.WriteLine(line);
        }

        _tail.Enqueue(line);
        while (_tail.Count > KeptLines) _tail.TryDequeue(out _);
        if (!isOutput || !line.StartsWith("{\"event\":", StringComparison.Ordinal)) return;
        try
        {
            using var document = JsonDocument.Parse(line);
            var name = document.RootElement.GetProperty("event").GetString()!;
            Event(name).TrySetResult(document.RootElement.Clone());
        }
        catch (JsonException)
        {
            // a torn line stays in the tail, where whoever waits will see it
        }
    }

    private TaskCompletionSource<JsonElement> Event(string name) =>
        _events.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private void Signal(ProcessSignal signal)
    {
        if (!_process.HasExited && !ProcessSignals.TrySend(_process.Id, signal))
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to {Name}.");
        }
    }
}
