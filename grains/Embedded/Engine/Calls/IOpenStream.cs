namespace MeshOrleans.Grains.Embedded;

/// <summary>An enumeration that runs inside an activation.</summary>
internal interface IOpenStream
{
    /// <summary>Whether a consumer waits for its next element.</summary>
    bool IsAwaited { get; }

    /// <summary>Ends it because the activation ends. Called on the activation's scheduler.</summary>
    Task AbortAsync();
}
