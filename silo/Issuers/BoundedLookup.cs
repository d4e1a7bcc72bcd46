using System.Net;
using System.Threading.Channels;

namespace MeshOrleans.Silo.Issuers;

/// <summary>
/// Looks names up, a bounded number at a time. The system's lookup cannot be called off and holds a thread until it ends
/// by itself, so one that nobody waits for any more keeps its place, and a name has one place at most.
/// </summary>
internal sealed class BoundedLookup
{
    private readonly Lock _changing = new();
    private readonly Func<string, Task<IPAddress[]>> _resolve;
    private readonly Channel<bool> _places = Channel.CreateUnbounded<bool>(); // an item for each free one
    private readonly Dictionary<string, Task<IPAddress[]>> _running = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="resolve">The system's lookup.</param>
    /// <param name="places">How many may be under way.</param>
    public BoundedLookup(Func<string, Task<IPAddress[]>> resolve, int places)
    {
        _resolve = resolve;
        for (var i = 0; i < places; i++) _places.Writer.TryWrite(true);
    }

    /// <summary>The addresses of a name, or the one that it is.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">There are none, or nobody can tell.</exception>
    /// <exception cref="OperationCanceledException">The caller has stopped waiting; the lookup goes on.</exception>
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address)) return Task.FromResult<IPAddress[]>([address]);
        lock (_changing)
        {
            if (!_running.TryGetValue(host, out var lookup))
            {
                lookup = LookUpAsync(host);
                if (!lookup.IsCompleted) _running.Add(host, lookup);
                _ = lookup.ContinueWith(
                    static ended => _ = ended.Exception, // seen, though nobody may be waiting any more
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }

            return lookup.WaitAsync(cancellationToken);
        }
    }

    private async Task<IPAddress[]> LookUpAsync(string host)
    {
        await _places.Reader.ReadAsync().ConfigureAwait(false);
        try
        {
            return await _resolve(host).ConfigureAwait(false);
        }
        finally
        {
            _places.Writer.TryWrite(true);
            lock (_changing) _running.Remove(host);
        }
    }
}
