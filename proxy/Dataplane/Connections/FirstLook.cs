using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>Looks at the first bytes of a connection and leaves them unread for whoever serves it.</summary>
internal static class FirstLook
{
    /// <summary>Waits for more until what has arrived is enough, or nothing more comes.</summary>
    /// <param name="connection">What the peer sends; on its transport everything is there again for whoever reads next.</param>
    /// <param name="isEnough">Whether that which has arrived so far is enough; also asked of the last of it.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="clock">The time.</param>
    /// <returns>False when the time was over before enough had come.</returns>
    /// <exception cref="IOException">The connection is lost; so does a ConnectionAbortedException say.</exception>
    public static async ValueTask<bool> TakeAsync(
        ConnectionContext connection, Func<ReadOnlySequence<byte>, bool> isEnough, TimeSpan limit, TimeProvider clock)
    {
        var input = connection.Transport.Input;
        ArrayBufferWriter<byte>? seen = null; // few are cut into pieces
        using var timeout = new CancellationTokenSource(limit, clock);
        try
        {
            while (true)
            {
                var result = await input.ReadAsync(timeout.Token).ConfigureAwait(false);
                if (isEnough(result.Buffer) || result.IsCompleted || result.IsCanceled)
                {
                    input.AdvanceTo(result.Buffer.Start);
                    return true;
                }

                seen ??= new ArrayBufferWriter<byte>();
                foreach (var segment in result.Buffer.Slice(seen.WrittenCount)) seen.Write(segment.Span);
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            // the input tells of nothing but what comes after that which was looked at, and perhaps nothing does
            if (seen is not null)
            {
                connection.Transport =
                    new Pipes(new ReplayedInput(input, seen.WrittenMemory), connection.Transport.Output);
            }

            return false;
        }
    }
}
