
namespace Orleans.Timers;

/// <summary>Where the runtime makes grain timers; grains use the extension methods.</summary>
public interface ITimerRegistry
{
    IGrainTimer RegisterGrainTimer<TState>(
        IGrainContext grainContext,
        Func<TState, CancellationToken, Task> callback,
        TState state,
        GrainTimerCreationOptions options);
}
