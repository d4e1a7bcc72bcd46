using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Clusters;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>A connection to a member of a cluster, which counts for as long as it is open.</summary>
/// <param name="socket">The connection, which is the stream's.</param>
/// <param name="count">Where it counts; null for a cluster that is gone.</param>
internal class CountedStream(Socket socket, ConnectionCount? count) : NetworkStream(socket, ownsSocket: true)
{
    private int _hasEnded = count is null ? 1 : 0;

    /// <summary>Begins to count.</summary>
    public void Open() => count?.Open();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0) count!.Close();
        base.Dispose(disposing);
    }
}
