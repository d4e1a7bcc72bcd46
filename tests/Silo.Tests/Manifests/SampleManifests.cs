using System.Runtime.CompilerServices;
using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

/// <summary>The manifests of the source documents, as they stand in the repository.</summary>
internal static class SampleManifests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(SourceFolder(), "../../../samples/manifests"));

    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    public static Manifest Read(string file) => ManifestReader.Read(file, File.ReadAllText(Path.Combine(Folder, file))).Validated();

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
