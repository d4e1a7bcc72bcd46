using System.Threading.Channels;

namespace MeshOrleans.Proxy.Sidecar.Logs;

/// <summary>
/// Lines on their way to somebody who may not read them: whoever logs never waits. What does not fit is dropped, and counted.
/// </summary>
internal sealed class LogQueue : IAsyncDisposable
{
    /// <summary>How many lines wait at most.</summary>
    public const int Length = 4096;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);
    private readonly Channel<string> _lines =
        Channel.CreateBounded<string>(new BoundedChannelOptions(Length) { SingleReader = true });

    private readonly Task _writing;
    private int _dropped;

    public LogQueue(TextWriter output) => _writing = WriteAsync(output);

    /// <summary>Adds a line; false when it was dropped.</summary>
    /// <param name="line">The line.</param>
    /// <param name="dropped">How many were dropped since one was added last.</param>
    public bool TryAdd(string line, out int dropped)
    {
        dropped = 0;
        if (_lines.Writer.TryWrite(line))
        {
            dropped = Interlocked.Exchange(ref _dropped, 0);
            return true;
        }

        Interlocked.Increment(ref _dropped);
        return false;
    }

    /// <summary>No more lines.</summary>
    public void Complete() => _lines.Writer.TryComplete();

    public async ValueTask DisposeAsync()
    {
        Complete();
        await _writing.WaitAsync(Farewell).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WriteAsync(TextWriter output)
    {
        await Task.Yield(); // a write may block; whoever logs is not the one who waits
        await foreach (var line in _lines.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }
    }
}
