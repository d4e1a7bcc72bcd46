namespace MeshOrleans.Grains;

/// <summary>Keys of the grains of which a mesh has one.</summary>
public static class MeshKeys
{
    /// <summary>The only instance of its kind.</summary>
    public const string Default = "default";
}
