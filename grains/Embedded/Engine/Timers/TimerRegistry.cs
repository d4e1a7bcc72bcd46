using Orleans.Timers;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Makes grain timers.</summary>
internal sealed class TimerRegistry : ITimerRegistry
{
    public IGrainTimer RegisterGrainTimer<TState>(
        IGrainContext grainContext,
        Func<TState, CancellationToken, Task> callback,
        TState state,
        GrainTimerCreationOptions options) =>
        new GrainTimer((Activation)grainContext, token => callback(state, token), options);
}
