using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Input;

/// <summary>What <c>-f</c> names, read: files, the manifests of folders, standard input.</summary>
internal static class ManifestFiles
{
    private const string StandardInputName = "<stdin>";
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>The files in the order they were named; those of a folder by name.</summary>
    /// <exception cref="CliException">One cannot be read, or a folder holds none.</exception>
    public static async Task<IReadOnlyList<ManifestFile>> ReadAsync(
        IReadOnlyList<string> names, CliHost host, CancellationToken cancellationToken)
    {
        var files = new List<ManifestFile>();
        foreach (var path in names.SelectMany(Expand).Distinct(StringComparer.Ordinal))
        {
            var shown = path == BoundedText.StandardInput ? StandardInputName : path;
            files.Add(new ManifestFile(shown, await BoundedText.ReadAsync(path, host, cancellationToken)));
        }

        return files;
    }

    private static IEnumerable<string> Expand(string name)
    {
        if (name == BoundedText.StandardInput || !Directory.Exists(name)) return [name];
        string[] files;
        try
        {
            files = Directory.GetFiles(name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {name}: {exception.Message}");
        }

        var manifests = files.Where(IsManifest).Order(StringComparer.Ordinal).ToArray();
        return manifests.Length > 0
            ? manifests
            : throw new CliException($"{name} holds no .yaml, .yml or .json file (folders inside it are not searched)");
    }

    private static bool IsManifest(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);
}
