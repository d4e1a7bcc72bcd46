namespace Orleans;

/// <summary>Makes references to grains. A reference costs nothing: the grain is activated by the first call.</summary>
public interface IGrainFactory
{
    /// <param name="primaryKey">The grain's key; not blank.</param>
    /// <param name="grainClassNamePrefix">Chooses a class when several implement the interface.</param>
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey;
}
