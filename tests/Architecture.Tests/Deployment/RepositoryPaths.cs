using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>Paths as deployment files write them, and the version they are to name.</summary>
internal static partial class RepositoryPaths
{
    public static string Version { get; } =
        VersionElement().Match(Repository.Read("Directory.Build.props")).Groups[1].Value;

    /// <summary>Whether a file or folder is in the repository.</summary>
    public static bool Exists(string path) =>
        Normalize(path) is var name && (name.Length == 0 || Repository.Files.Any(f => IsAtOrBelow(f, name)));

    /// <summary>Without <c>./</c> in front and slash behind; the root is empty.</summary>
    public static string Normalize(string path)
    {
        var name = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
        return name == "." ? "" : name.TrimEnd('/');
    }

    public static bool IsAtOrBelow(string path, string folder) =>
        path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    [GeneratedRegex("<Version>(.*)</Version>")]
    private static partial Regex VersionElement();
}
