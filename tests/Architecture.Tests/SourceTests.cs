using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests;

/// <summary>House rules that the compiler does not know.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 500;

    // The few files that wrap what everybody else must take by constructor.
    private static readonly string[] ChanceFiles =
        [.. Repository.ProductSources.Where(f => f.EndsWith("RandomSource.cs", StringComparison.Ordinal))];

    [Fact]
    public void No_file_is_longer_than_500_lines()
    {
        var longFiles = Repository.Files
            .Where(f => Path.GetExtension(f) is ".cs" or ".sh" or ".proto" or "" && f != "LICENSE")
            .Select(f => (File: f, Lines: Repository.ReadLines(f).Length))
            .Where(f => f.Lines > MaxLines);

        Assert.Empty(longFiles);
    }

    [Fact]
    public void Types_are_named_after_what_they_are()
    {
        var vague =
            from file in Repository.Sources
            where !file.StartsWith("grains/Embedded/Api/", StringComparison.Ordinal) // Orleans' names, not ours
            from Match match in VagueName().Matches(Repository.Read(file))
            select $"{file}: {match.Value}";

        Assert.Empty(vague);
    }

    [Fact]
    public void Time_comes_from_a_TimeProvider()
    {
        var direct =
            from file in Repository.ProductSources
            from Match match in DirectTime().Matches(Repository.Read(file))
            select $"{file}: {match.Value}";

        Assert.Empty(direct);
    }

    [Fact]
    public void Chance_comes_from_a_source_that_tests_can_replace()
    {
        var direct =
            from file in Repository.ProductSources.Except(ChanceFiles)
            where Repository.Read(file).Contains("Random.Shared", StringComparison.Ordinal)
                || Repository.Read(file).Contains("new Random(", StringComparison.Ordinal)
            select file;

        Assert.Empty(direct);
    }

    [Fact]
    public void A_suppressed_warning_says_why()
    {
        var silent =
            from file in Repository.Sources
            from line in Repository.ReadLines(file)
            where line.TrimStart().StartsWith("#pragma warning disable", StringComparison.Ordinal)
                && !line.Contains("//", StringComparison.Ordinal)
            select $"{file}: {line}";

        Assert.Empty(silent);
    }

    [Fact]
    public void Nothing_waits_by_blocking_a_thread()
    {
        var blocking =
            from file in Repository.ProductSources
            from Match match in Blocking().Matches(Repository.Read(file))
            select $"{file}: {match.Value}";

        Assert.Empty(blocking);
    }

    [GeneratedRegex(@"\b(class|record|struct|interface) I?\w+(Manager|Helper|Helpers|Util|Utils|Impl|Base)\b")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"\bDateTime(Offset)?\.(UtcNow|Now)\b|\bStopwatch\.|\bnew Stopwatch\b|\bEnvironment\.TickCount|\bTask\.Delay\((?![^;]*(?i:clock|timeProvider))[^;]*;")]
    private static partial Regex DirectTime();

    [GeneratedRegex(@"\.GetAwaiter\(\)\.GetResult\(\)|\bThread\.Sleep\(|\basync void\b|\.Wait\(\)")]
    private static partial Regex Blocking();
}
