using MeshOrleans.Cli.Connection;

namespace MeshOrleans.Cli.Output;

/// <summary>Why something was refused, for people.</summary>
internal static class ProblemText
{
    public static void Write(TextWriter output, ApiProblem problem)
    {
        var findings = problem.Errors ?? [];
        if (problem.Status == 422 && findings.Count > 0)
        {
            foreach (var finding in findings) output.WriteLine(FindingText.Of(finding));
            var warnings = findings.Count(f => f.Severity == "warning");
            var also = warnings > 0 ? $", {Count(warnings, "warning")}" : "";
            var errors = Count(findings.Count - warnings, "error");
            output.WriteLine($"meshctl: refused: {errors}{also}; nothing was changed");
            return;
        }

        output.WriteLine(Printable.Of($"meshctl: {problem.Title} {problem.Detail}".TrimEnd()));
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
