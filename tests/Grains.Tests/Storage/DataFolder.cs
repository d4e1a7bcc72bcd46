namespace MeshOrleans.Grains.Tests.Storage;

/// <summary>A data directory that goes away with the test.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("mesh-storage-");

    /// <summary>Not made yet.</summary>
    public string Path => System.IO.Path.Combine(_parent.FullName, "data");

    public string Database => System.IO.Path.Combine(Path, "mesh.db");

    public void Dispose() => _parent.Delete(recursive: true);
}
