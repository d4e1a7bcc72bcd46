using System.Buffers;
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
        var look = new Look();
        await FirstLook.TakeAsync(connection, look.IsEnough, options.FirstBytesTimeout, clock).ConfigureAwait(false);
        return look.Spoken is SpokenProtocol.Incomplete ? SpokenProtocol.Doubtful : look.Spoken;
    }

    private sealed class Look
    {
        private const int Longest = 64 * 1024; // what is longer is watched while it is carried

        private RequestGuard _guard;
        private long _known;

        public SpokenProtocol Spoken { get; private set; }

        public bool IsEnough(ReadOnlySequence<byte> arrived)
        {
            foreach (var segment in arrived.Slice(_known)) _guard.Add(segment.Span);
            _known = arrived.Length;
            Spoken = PlaintextHttp2.IsPreface(arrived) switch
            {
                true => SpokenProtocol.Http2,
                null => SpokenProtocol.Incomplete,
                false when _guard.Spoken is SpokenProtocol.Doubtful => _guard.SpokenSoFar,
                false => _guard.Spoken,
            };
            return Spoken is not SpokenProtocol.Incomplete || _known > Longest;
        }
    }
}
