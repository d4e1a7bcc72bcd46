namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>A real file of the repository with one thing in it made wrong.</summary>
internal static class Mistake
{
    /// <exception cref="InvalidOperationException">The file does not say what was to be made wrong.</exception>
    public static string In(string file, string right, string wrong)
    {
        var text = Repository.Read(file);
        return text.Contains(right, StringComparison.Ordinal)
            ? text.Replace(right, wrong, StringComparison.Ordinal)
            : throw new InvalidOperationException($"{file} does not say: {right}");
    }
}
