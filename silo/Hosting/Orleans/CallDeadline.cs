using MeshOrleans.Grains.Stores;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// A call that its caller has given up on is not carried out later. Messages that wait in a process which stands still are
/// a minute old when it wakes and passes them on; whoever sent them has long asked again, and perhaps for something else.
/// Every call is sent with the time, of the cluster's clock, until which somebody waits for it.
/// </summary>
internal sealed class CallDeadline(TimeProvider clock) : IOutgoingGrainCallFilter, IIncomingGrainCallFilter
{
    /// <summary>
    /// How long a caller waits for an answer: about as long as it takes to find out that a silo is dead, so that whoever asked
    /// it asks again just when another one can answer.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(7);

    private const string Key = "mesh.deadline";

    // by how much two processes may differ about the cluster's time
    private static readonly TimeSpan _tolerance = TimeSpan.FromSeconds(1);

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        RequestContext.Set(Key, (clock.GetUtcNow() + Patience + _tolerance).UtcTicks);
        return context.Invoke();
    }

    public Task Invoke(IIncomingGrainCallContext context) =>
        !context.TargetId.IsSystemTarget()
            && RequestContext.Get(Key) is long deadline && clock.GetUtcNow().UtcTicks > deadline
            ? throw new StoreUnavailableException("The call came when nobody waited for it any more; nothing was done.")
            : context.Invoke();
}
