namespace MeshOrleans.Silo.Hosting;

/// <summary>
/// A data directory belongs to the engine that first used it: the two write grain state in forms of their own, and a grain
/// that finds no state would start to count from nothing.
/// </summary>
internal static class EngineMark
{
    private const string FileName = "engine";

    /// <summary>Marks a new directory, or refuses one of the other engine.</summary>
    /// <exception cref="IOException">The directory belongs to the other engine.</exception>
    public static void Check(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, GrainEngine.Name);
            return;
        }

        var engine = File.ReadAllText(path).Trim();
        if (engine != GrainEngine.Name)
        {
            throw new IOException(
                $"{directory} holds the state of engine '{engine}', and this is engine '{GrainEngine.Name}': "
                + $"set MESH_ENGINE={engine}, or give this one a directory of its own (--data)");
        }
    }
}
