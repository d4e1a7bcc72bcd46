using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>The history of the configuration.</summary>
internal static class RevisionTable
{
    private const int ReasonLength = 60;

    public static TextTable Of(IEnumerable<RevisionRow> rows, bool wide)
    {
        var table = new TextTable("REVISION", "TIME", "AUTHOR", "REASON");
        foreach (var row in rows)
        {
            var reason = wide ? row.Reason : Shorten.To(row.Reason, ReasonLength);
            table.Add($"{row.Revision}", Ages.At(row.Time), row.Author, reason);
        }

        return table;
    }
}
