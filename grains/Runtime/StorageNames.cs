namespace MeshOrleans.Grains;

/// <summary>The storage providers that the silo must register for the grains.</summary>
public static class StorageNames
{
    /// <summary>Holds the state of every grain that saves any.</summary>
    public const string Mesh = "mesh";
}
