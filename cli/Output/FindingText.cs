using System.Text;
using MeshOrleans.Cli.Connection;

namespace MeshOrleans.Cli.Output;

/// <summary>One finding on one line, as compilers write it, so that editors can jump to it.</summary>
internal static class FindingText
{
    public static string Of(ApiFinding finding)
    {
        var line = new StringBuilder();
        if (!string.IsNullOrEmpty(finding.File))
        {
            line.Append(finding.File);
            if (finding.Line > 0) line.Append(':').Append(finding.Line);
            line.Append(": ");
        }

        line.Append(finding.Severity ?? "error");
        if (!string.IsNullOrEmpty(finding.Code)) line.Append(' ').Append(finding.Code);
        if (!string.IsNullOrEmpty(finding.Path)) line.Append(' ').Append(finding.Path);
        line.Append(": ").Append(finding.Message);
        if (finding.Resource?.Split('/') is [var kind, var ns, var name]) line.Append($" ({kind} {ns}/{name})");
        return Printable.Of(line.ToString());
    }
}
