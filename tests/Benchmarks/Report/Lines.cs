using System.Text;

namespace MeshOrleans.Benchmarks.Report;

/// <summary>Lines of tables: figures as in English, and no blanks at their ends.</summary>
internal static class Lines
{
    public static void Line(StringBuilder text, FormattableString line) => Line(text, FormattableString.Invariant(line));

    public static void Line(StringBuilder text, string line) => text.AppendLine(line.TrimEnd());
}
