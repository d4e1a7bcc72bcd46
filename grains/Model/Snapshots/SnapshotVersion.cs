namespace MeshOrleans.Model.Snapshots;

/// <summary>The order of everything the mesh knows.</summary>
/// <param name="Epoch">Changes when the store was replaced; followers then reload from nothing.</param>
/// <param name="Number">Rises by one with every published change within the epoch.</param>
public readonly record struct SnapshotVersion(string Epoch, long Number)
{
    /// <summary>Before anything is known.</summary>
    public static SnapshotVersion None { get; } = new("", 0);
}
