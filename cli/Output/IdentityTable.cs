using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>The certificates in use.</summary>
internal static class IdentityTable
{
    public static TextTable Of(IEnumerable<IdentityRow> rows, TimeProvider clock, bool wide)
    {
        var table = wide
            ? new TextTable(
                "IDENTITY", "NODE", "EXPIRES", "ROTATES", "LEFT", "NOT AFTER", "LAST ROTATION", "NEXT ROTATION", "SERIAL",
                "ISSUER", "ROOT")
            : new TextTable("IDENTITY", "NODE", "EXPIRES", "ROTATES", "LEFT");
        foreach (var row in rows)
        {
            string?[] cells =
            [
                Shorten.SpiffeId(row.SpiffeId), Shorten.NodeId(row.Node), Ages.Until(row.NotAfter, clock),
                Ages.Until(row.NextRotation, clock), $"{row.RemainingPercent}%",
            ];
            if (wide)
            {
                cells =
                [
                    .. cells, Ages.At(row.NotAfter), Ages.At(row.LastRotation ?? default), Ages.At(row.NextRotation),
                    row.Serial, row.Issuer, Shorten.To(row.Root, 16),
                ];
            }

            table.Add(cells);
        }

        return table;
    }
}
