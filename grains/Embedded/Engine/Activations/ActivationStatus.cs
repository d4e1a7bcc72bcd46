namespace MeshOrleans.Grains.Embedded;

/// <summary>Where an activation is in its life.</summary>
internal enum ActivationStatus
{
    /// <summary>Reads its state and prepares; calls wait.</summary>
    Activating,

    /// <summary>Runs calls.</summary>
    Active,

    /// <summary>Finishes the calls that have begun; others wait for the next activation.</summary>
    Deactivating,

    /// <summary>Gone.</summary>
    Ended,
}
