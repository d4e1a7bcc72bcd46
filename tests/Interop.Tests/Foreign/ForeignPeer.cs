using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MeshOrleans.Interop.Tests.Foreign;

/// <summary>
/// A running foreign program, client and server in one. It is asked in JSON lines on its standard input and answers on
/// its standard output; see Clients.
/// </summary>
public sealed class ForeignPeer : IAsyncDisposable
{
    private const int KeptLines = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _tail = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _asked = new();
    private int _last;

    private ForeignPeer(ForeignKind kind, Process process) => (Kind, _process) = (kind, process);

    public ForeignKind Kind { get; }

    /// <summary>Starts a program and waits until it answers.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="bootstrap">Its xDS bootstrap file.</param>
    public static async Task<ForeignPeer> StartAsync(ForeignKind kind, string bootstrap)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Clients", kind is ForeignKind.Node ? "peer.mjs" : "peer.py");
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(kind is ForeignKind.Node ? "node" : Prerequisites.Python, [script])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment =
                {
                    ["GRPC_XDS_BOOTSTRAP"] = bootstrap,
                    ["GRPC_XDS_EXPERIMENTAL_RBAC"] = "true", // grpc-js does not know access control without
                    ["MESH_INTEROP_PACKAGES"] = Prerequisites.Packages,
                    ["PYTHONDONTWRITEBYTECODE"] = "1",
                },
            },
            EnableRaisingEvents = true,
        };
        var peer = new ForeignPeer(kind, process);
        process.OutputDataReceived += (_, line) => peer.OnOutput(line.Data);
        process.ErrorDataReceived += (_, line) => peer.Keep(line.Data);
        process.Exited += (_, _) => peer.OnExited();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await peer.AskAsync("hello", []);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Serves on an address. Every answer names the server and the certificate that the caller showed.</summary>
    /// <param name="address">Literal address and port.</param>
    /// <param name="name">What it answers.</param>
    /// <param name="certificates">A folder of <c>meshctl</c>; null for plaintext. The caller has to show one too.</param>
    public Task ServeAsync(string address, string name, string? certificates = null) => AskAsync("serve", new()
    {
        ["address"] = address,
        ["name"] = name,
        ["key"] = certificates is null ? null : Path.Combine(certificates, "key.pem"),
        ["chain"] = certificates is null ? null : Path.Combine(certificates, "cert-chain.pem"),
        ["roots"] = certificates is null ? null : Path.Combine(certificates, "root-cert.pem"),
    });

    /// <summary>Serves as xDS says: plaintext or TLS, and whom it lets in.</summary>
    public Task ServeByXdsAsync(string address, string name) =>
        AskAsync("serve", new() { ["address"] = address, ["name"] = name, ["xds"] = true });

    /// <summary>Ends a server when its calls have.</summary>
    public Task StopAsync(string address) => AskAsync("stop", new() { ["address"] = address });

    /// <summary>Dials.</summary>
    public Task OpenAsync(string channel, string target) =>
        AskAsync("open", new() { ["channel"] = channel, ["target"] = target });

    /// <summary>Hangs up.</summary>
    public Task CloseAsync(string channel) => AskAsync("close", new() { ["channel"] = channel });

    /// <summary>Calls so many times, some at once, and waits for all.</summary>
    public Task<Tally> CallAsync(string channel, int count, params (string Key, string Value)[] metadata) =>
        TallyAsync("call", new() { ["channel"] = channel, ["count"] = count, ["parallel"] = 8, ["metadata"] = Object(metadata) });

    /// <summary>Begins so many calls that the server holds until <see cref="ReleaseAsync"/>.</summary>
    public Task BeginHeldAsync(string channel, int count) =>
        AskAsync("begin", new() { ["channel"] = channel, ["count"] = count, ["metadata"] = Object(("x-hold", "1")) });

    /// <summary>How many calls this program's servers hold.</summary>
    public async Task<int> HeldAsync() => (await AskAsync("held", [])).GetProperty("held").GetInt32();

    /// <summary>Lets them go on.</summary>
    public Task ReleaseAsync() => AskAsync("release", []);

    /// <summary>What became of the calls that were begun.</summary>
    public Task<Tally> EndHeldAsync(string channel) => TallyAsync("end", new() { ["channel"] = channel });

    /// <summary>Begins to call one after another.</summary>
    public Task LoadAsync(string channel) => AskAsync("load", new() { ["channel"] = channel });

    /// <summary>How that goes.</summary>
    public Task<Tally> ProgressAsync(string channel) => TallyAsync("progress", new() { ["channel"] = channel });

    /// <summary>Ends it.</summary>
    public Task<Tally> FinishAsync(string channel) => TallyAsync("finish", new() { ["channel"] = channel });

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static JsonObject Object(params (string Key, string Value)[] fields) =>
        new(fields.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value)));

    private async Task<Tally> TallyAsync(string operation, JsonObject arguments) =>
        (await AskAsync(operation, arguments)).Deserialize<Tally>(JsonSerializerOptions.Web)!;

    private async Task<JsonElement> AskAsync(string operation, JsonObject arguments)
    {
        var id = Interlocked.Increment(ref _last);
        var answer = _asked[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        arguments["id"] = id;
        arguments["op"] = operation;
        foreach (var name in arguments.Where(a => a.Value is null).Select(a => a.Key).ToList()) arguments.Remove(name);
        if (_process.HasExited) throw Failed(operation, "has ended");
        await _process.StandardInput.WriteLineAsync(arguments.ToJsonString());
        await _process.StandardInput.FlushAsync();
        try
        {
            var result = await answer.Task.WaitAsync(Patience);
            return result.TryGetProperty("error", out var error) ? throw Failed(operation, error.ToString()) : result;
        }
        catch (TimeoutException)
        {
            throw Failed(operation, $"was not done within {Patience.TotalSeconds:F0} s");
        }
        catch (OperationCanceledException)
        {
            throw Failed(operation, "has ended");
        }
    }

    private InvalidOperationException Failed(string operation, string reason) =>
        new($"{Kind}: {operation}: {reason}\n--- its last lines ---\n{string.Join('\n', _tail)}");

    private void OnOutput(string? line)
    {
        if (line is null) return;
        try
        {
            var answer = JsonSerializer.Deserialize<JsonElement>(line);
            if (_asked.TryRemove(answer.GetProperty("id").GetInt32(), out var asked)) asked.TrySetResult(answer);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            Keep(line); // a library has printed something
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        _tail.Enqueue(line);
        while (_tail.Count > KeptLines) _tail.TryDequeue(out _);
    }

    private void OnExited()
    {
        foreach (var asked in _asked.Values) asked.TrySetCanceled();
    }
}
