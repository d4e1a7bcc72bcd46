using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>A server of others, in the foreground, that can be ended and started again.</summary>
internal sealed class Server(string name, string program, params string[] arguments) : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private MeshProcess? _process;

    /// <summary>It and its workers; empty while it does not run.</summary>
    public IEnumerable<int> ProcessIds => _process is { HasExited: false } process ? ProcessTree.Of(process.Id) : [];

    public void Start() => _process = MeshProcess.StartProgram(name, program, arguments);

    /// <summary>What it has said, for errors.</summary>
    public string Tail() => _process?.Tail() ?? "";

    /// <summary>In good order: a master that is killed leaves its workers behind.</summary>
    public async Task EndAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited)
        {
            _process.Terminate();
            await _process.WaitForExitAsync(_patience);
        }

        await _process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync() => await EndAsync();
}
