using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Clusters;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>A connection to a member of a cluster, which counts for as long as it is open.</summary>
internal class CountedStream : NetworkStream
{
    private ConnectionCount? _count; // null when it counts no more

    /// <param name="socket">The connection, which is the stream's.</param>
    /// <param name="count">Where it counts; null for a cluster that is gone.</param>
    public CountedStream(Socket socket, ConnectionCount? count)
        : base(socket, ownsSocket: true)
    {
        _count = count;
        count?.Open();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Interlocked.Exchange(ref _count, null)?.Close();
        base.Dispose(disposing);
    }
}
