using System.Threading.RateLimiting;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// How many calls that let members in are worked on at once. A crowd that comes back after a fault would otherwise keep
/// every one of its calls busy for longer than anybody waits for it, and what is finished too late is done for nothing.
/// </summary>
internal sealed class JoinAdmission : IDisposable
{
    private readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = Places,
        QueueLimit = Waiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private long _sentAway;

    /// <summary>How many calls found no room, since the process began.</summary>
    public long SentAway => Volatile.Read(ref _sentAway);

    /// <summary>Calls that are worked on at once.</summary>
    internal static int Places => 8 * Environment.ProcessorCount;

    /// <summary>Calls that wait for a place: in a longer queue the last would wait for longer than they have patience.</summary>
    internal static int Waiting => 8 * Places;

    /// <summary>
    /// Does the work when its turn comes; the oldest comes first. Who finds the queue full is sent away with 503. The
    /// request must have been read by then: nobody keeps a place by sending slowly.
    /// </summary>
    public async Task<IResult> InTurnAsync(HttpContext context, Func<Task<IResult>> work)
    {
        using var place = await _places.AcquireAsync(1, context.RequestAborted);
        if (place.IsAcquired) return await work();
        Interlocked.Increment(ref _sentAway);
        context.Response.Headers.RetryAfter = "1";
        return Problems.Of(
            503,
            "The control plane is busy.",
            "More members ask to be let in than this process can serve at once. Nothing was done; try again.");
    }

    public void Dispose() => _places.Dispose();
}
