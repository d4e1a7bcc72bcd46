
namespace Orleans;

/// <summary>A grain class.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    protected Grain() => GrainContext = RuntimeContext.Current!;

    /// <summary>The activation; null when the class was made by hand, outside any runtime.</summary>
    public IGrainContext GrainContext { get; }

    protected IGrainFactory GrainFactory => GrainContext.Require<IGrainFactory>();

    protected internal IServiceProvider ServiceProvider => GrainContext.ActivationServices;

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    /// <summary>Deactivates once the calls that have begun are done; later calls go to a new activation.</summary>
    protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);
}
