using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests;

/// <summary>What the documents say exists, exists; what must not be in the repository is not.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Documents =
        ["README.md", "ARCHITECTURE.md", "DECISIONS.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"];

    [Fact]
    public void The_documents_are_there() => Assert.Empty(Documents.Except(Repository.Files));

    [Fact]
    public void Paths_that_the_documents_name_exist()
    {
        var missing =
            from document in Documents.Where(d => d.EndsWith(".md", StringComparison.Ordinal))
            from Match match in RelativePath().Matches(Repository.Read(document))
            let path = match.Groups[1].Value.TrimEnd('/')
            where !Repository.Files.Any(f => f == path || f.StartsWith(path + "/", StringComparison.Ordinal))
            select $"{document}: {path}";

        Assert.Empty(missing);
    }

    [Fact]
    public void No_file_names_a_machine_or_a_package_host()
    {
        var leaks =
            from file in Repository.Files
            where Path.GetExtension(file) is not (".png" or ".pb" or ".bin") && !file.EndsWith("DocumentTests.cs", StringComparison.Ordinal)
            from Match match in Leak().Matches(Repository.Read(file))
            select $"{file}: {match.Value}";

        Assert.Empty(leaks);
    }

    [GeneratedRegex(@"`((?:grains|silo|xds-gateway|proxy|multicluster|cli|tests|samples|deploy)/[\w./-]*)`")]
    private static partial Regex RelativePath();

    [GeneratedRegex(@"/work/|/root/|/home/\w+/|nuget\.org|/opt/nuget|nuget\.config", RegexOptions.IgnoreCase)]
    private static partial Regex Leak();
}
