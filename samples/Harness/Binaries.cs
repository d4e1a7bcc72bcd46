namespace MeshOrleans.Samples.Harness;

/// <summary>Finds the built programs beside the one that runs, in either of the two layouts a build can have.</summary>
public static class Binaries
{
    /// <summary>The path of a program's assembly.</summary>
    /// <param name="project">The project's name, e.g. <c>MeshOrleans.Silo</c>.</param>
    /// <param name="folder">The project's folder in the repository, e.g. <c>silo</c>.</param>
    /// <param name="assembly">The assembly, e.g. <c>mesh-silo</c>.</param>
    /// <exception cref="FileNotFoundException">It has not been built.</exception>
    public static string Find(string project, string folder, string assembly)
    {
        // …/bin/<project>/<configuration>, or …/bin/<configuration>/net10.0
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var artifacts = Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, assembly + ".dll");
        if (File.Exists(artifacts)) return artifacts;

        var inTree = Path.Combine(RepositoryRoot(), folder, "bin", own.Parent!.Name, own.Name, assembly + ".dll");
        return File.Exists(inTree)
            ? inTree
            : throw new FileNotFoundException(
                $"{assembly}.dll is neither at {artifacts} nor at {inTree}; build the solution first.");
    }

    /// <summary>
    /// The program that sidecars and gateways are: what the environment names as <c>MESH_SIDECAR</c>, such as one of native
    /// code (<c>./mesh native</c>), else the one that was built beside this program.
    /// </summary>
    /// <exception cref="FileNotFoundException">It has not been built.</exception>
    public static string Sidecar() => Environment.GetEnvironmentVariable("MESH_SIDECAR") is { Length: > 0 } other
        ? other
        : Find("MeshOrleans.Proxy.Sidecar", "proxy/Sidecar", "mesh-sidecar");

    /// <summary>The folder that holds MeshOrleans.sln.</summary>
    public static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MeshOrleans.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException("No folder above the program holds MeshOrleans.sln.");
    }
}
