namespace MeshOrleans.Grains.Stores;

/// <summary>
/// The store did not take a write, or did not answer. Whoever called may simply try again: every write is made from the
/// version that the writer saw, so none is ever applied twice.
/// </summary>
/// <remarks>
/// It crosses from silo to silo, so it carries no exception of the store's client: those cannot be written, and the caller
/// would wait for an answer that never comes. The store logs them.
/// </remarks>
/// <param name="message">One sentence: what could not be done, and whether it is known not to have happened.</param>
[GenerateSerializer, Alias("mesh.StoreUnavailableException")]
public sealed class StoreUnavailableException(string message) : Exception(message)
{
    /// <summary>Whether it is known that nothing was written; else it may have been.</summary>
    /// <value>True unless the store was lost in the middle of a write and did not come back.</value>
    [Id(0)] public bool IsNothingWritten { get; init; } = true;
}
