using System.Runtime.CompilerServices;
using MeshOrleans.Grains.Stores;
using Orleans.Storage;

namespace MeshOrleans.Grains;

/// <summary>
/// How an activation gets over a write whose outcome it cannot trust: it must come back from what was really saved. It
/// does so only when the store answers, for until then it is all that readers have.
/// </summary>
internal static class StoreOutage
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(2);
    private static readonly ConditionalWeakTable<Grain, IGrainTimer> _waiting = [];

    /// <summary>
    /// Does nothing where it is known that nothing was written: what is in memory holds. Else ends the activation: at once
    /// when somebody else has written, or as soon as the store can be read.
    /// </summary>
    /// <param name="grain">The grain, in its own turn.</param>
    /// <param name="exception">Why the write failed.</param>
    /// <param name="read">Reads the store.</param>
    public static void ReloadAfter(this Grain grain, Exception exception, Func<Task> read)
    {
        if (exception is StoreUnavailableException { IsNothingWritten: true }) return;
        if (exception is InconsistentStateException)
        {
            grain.DeactivateOnIdle();
        }
        else if (!_waiting.TryGetValue(grain, out _))
        {
            _waiting.Add(grain, grain.RegisterGrainTimer(_ => TryReloadAsync(grain, read), _period, _period));
        }
    }

    private static async Task TryReloadAsync(Grain grain, Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (Exception)
        {
            return; // told when the write failed; the next tick tries again
        }

        if (_waiting.TryGetValue(grain, out var timer)) timer.Dispose();
        grain.DeactivateOnIdle();
    }
}
