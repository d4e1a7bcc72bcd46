using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>Finds out what is spoken on a port of which nobody has said it. The client speaks first there.</summary>
internal static class ProtocolSearch
{
    /// <summary>Waits for the first bytes of a connection; they stay unread.</summary>
    /// <returns>
    /// Requests, bytes, or <see cref="SpokenProtocol.Doubtful"/>: bytes as it seems, of which the next may still show that
    /// they were the beginning of a request. Null when nothing was said for as long as silence is borne, or ever.
    /// </returns>
    /// <exception cref="IOException">The connection is lost; so does a ConnectionAbortedException say.</exception>
    public static async ValueTask<SpokenProtocol?> FindAsync(
        ConnectionContext connection, DataplaneOptions options, TimeProvider clock)
    {
        var isHeard = false;
        await FirstLook.TakeAsync(connection, arrived => isHeard = !arrived.IsEmpty, options.SilenceTimeout, clock)
            .ConfigureAwait(false);
        if (!isHeard) return null;
        var spoken = SpokenProtocol.Incomplete;
        await FirstLook.TakeAsync(
            connection,
            arrived => (spoken = RequestGuard.Read(arrived)) is not SpokenProtocol.Incomplete,
            options.FirstBytesTimeout,
            clock).ConfigureAwait(false);
        return spoken is SpokenProtocol.Incomplete ? SpokenProtocol.Doubtful : spoken;
    }
}
