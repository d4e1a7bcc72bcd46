namespace MeshOrleans.Grains.Embedded;

/// <summary>A stream of a grain, as its consumer holds it.</summary>
/// <param name="method">For messages.</param>
/// <param name="target">The grain.</param>
/// <param name="open">Calls the grain's method, on the grain's scheduler.</param>
/// <param name="send">Has a call made.</param>
/// <param name="argumentToken">The token that was passed as an argument.</param>
internal sealed class GrainStream<T>(
    string method,
    GrainId target,
    Func<Activation, CancellationToken, IAsyncEnumerable<T>> open,
    Func<GrainCall<Activation>, Task<Activation>> send,
    CancellationToken argumentToken) : IAsyncEnumerable<T>
{
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new GrainStreamReader<T>(method, target, open, send, argumentToken, cancellationToken);
}
