using System.Diagnostics;

namespace MeshOrleans.Architecture.Tests;

/// <summary>The files of the repository, as git knows them.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every tracked or new file, relative to the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    /// <summary>C# sources that people wrote.</summary>
    public static IEnumerable<string> Sources => Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>C# sources that are shipped: no tests, no samples.</summary>
    public static IEnumerable<string> ProductSources => Sources.Where(f =>
        !f.StartsWith("tests/", StringComparison.Ordinal) && !f.StartsWith("samples/", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string[] ReadLines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MeshOrleans.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException("MeshOrleans.sln is in no folder above the tests.");
    }

    private static List<string> ListFiles()
    {
        var start = new ProcessStartInfo("git", ["-C", Root, "ls-files", "--cached", "--others", "--exclude-standard"])
        {
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start) ?? throw new InvalidOperationException("git did not start.");
        var files = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        return [.. files.Distinct().Where(f => File.Exists(Path.Combine(Root, f)))];
    }
}
