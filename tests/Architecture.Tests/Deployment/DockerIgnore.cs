namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>.dockerignore, in the two forms that are used here: a path from the root, or <c>**/NAME</c>.</summary>
internal sealed class DockerIgnore
{
    private const string Anywhere = "**/";
    private readonly string[] _paths;
    private readonly string[] _names;

    private DockerIgnore(string[] patterns)
    {
        var anywhere = patterns.ToLookup(p => p.StartsWith(Anywhere, StringComparison.Ordinal));
        _names = [.. anywhere[true].Select(p => p[Anywhere.Length..])];
        _paths = [.. anywhere[false]];
    }

    public static DockerIgnore Read(string text)
    {
        string[] patterns = [.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(l => !l.StartsWith('#'))];
        return patterns.FirstOrDefault(p => p.StartsWith('!') || p.Replace(Anywhere, "").Contains('*')) is { } other
            ? throw new FormatException($"'{other}' is a form of .dockerignore that these tests do not know.")
            : new DockerIgnore(patterns);
    }

    public bool Excludes(string path) =>
        _paths.Any(p => RepositoryPaths.IsAtOrBelow(path, p)) || path.Split('/').Intersect(_names).Any();
}
