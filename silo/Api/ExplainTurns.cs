using System.Threading.RateLimiting;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// One explanation at a time: each translates what a sidecar is sent, which takes a processor as long as a push to one would.
/// Who asks meanwhile waits; all of them are operators.
/// </summary>
internal sealed class ExplainTurns : IDisposable
{
    private readonly ConcurrencyLimiter _turns = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = 1,
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Waits for a turn, which ends when what is returned is disposed of.</summary>
    /// <exception cref="OperationCanceledException">The caller has left.</exception>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken) =>
        await _turns.AcquireAsync(1, cancellationToken);

    public void Dispose() => _turns.Dispose();
}
