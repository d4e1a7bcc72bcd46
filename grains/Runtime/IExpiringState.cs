namespace MeshOrleans.Grains;

/// <summary>
/// A saved state that is of no use to anybody after some time. The store removes it then, by itself: its grain need not be
/// called for that, and nothing has to be remembered by whoever made it.
/// </summary>
public interface IExpiringState
{
    /// <summary>From when on it may be removed; null keeps it.</summary>
    DateTimeOffset? RemovableFrom { get; }
}
