namespace MeshOrleans.Grains.Embedded;

/// <summary>Makes references.</summary>
internal sealed class GrainFactory(GrainClassCatalog classes, ActivationCatalog activations) : IGrainFactory
{
    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        var grainClass = classes.Find(typeof(TGrainInterface), grainClassNamePrefix);
        var id = new GrainId(grainClass.GrainType, IdSpan.Create(primaryKey));
        return (TGrainInterface)GrainReference.Create(typeof(TGrainInterface), activations, grainClass, id);
    }

    /// <summary>The reminded side of a grain; null when its class is gone or can no longer be reminded.</summary>
    public IRemindable? FindRemindable(GrainId grainId) =>
        classes.TryFind(grainId.Type, out var grainClass) && grainClass!.Type.IsAssignableTo(typeof(IRemindable))
            ? (IRemindable)GrainReference.Create(typeof(IRemindable), activations, grainClass, grainId)
            : null;
}
