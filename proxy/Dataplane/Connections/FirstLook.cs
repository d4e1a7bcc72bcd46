using System.Buffers;
using System.IO.Pipelines;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>Looks at the first bytes of a connection and leaves them unread for whoever serves it.</summary>
internal static class FirstLook
{
    /// <summary>Waits for more until what has arrived is enough, or nothing more comes.</summary>
    /// <param name="input">What the peer sends.</param>
    /// <param name="isEnough">Whether that which has arrived so far is enough; also asked of the last of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">Not enough had come by then.</exception>
    public static async ValueTask TakeAsync(
        PipeReader input, Func<ReadOnlySequence<byte>, bool> isEnough, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (isEnough(result.Buffer) || result.IsCompleted || result.IsCanceled)
            {
                input.AdvanceTo(result.Buffer.Start);
                return;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
