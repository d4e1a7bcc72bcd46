namespace MeshOrleans.Grains.Stores;

/// <summary>
/// The store did not take a write, or did not answer. Whoever called may simply try again: every write is made from the
/// version that the writer saw, so none is ever applied twice.
/// </summary>
[GenerateSerializer, Alias("mesh.StoreUnavailableException")]
public sealed class StoreUnavailableException : Exception
{
    /// <summary>Made by the store.</summary>
    /// <param name="message">One sentence: what could not be done, and whether it is known not to have happened.</param>
    /// <param name="innerException">What the store's client said.</param>
    public StoreUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
