using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>The certificates that are revoked.</summary>
internal static class RevocationTable
{
    public static TextTable Of(IEnumerable<RevocationRow> rows)
    {
        var table = new TextTable("SERIAL", "IDENTITY", "REASON", "REVOKED", "NOT AFTER");
        foreach (var row in rows)
        {
            table.Add(
                row.Serial, Shorten.SpiffeId(row.SpiffeId), row.Reason, Ages.At(row.RevokedAt), Ages.At(row.NotAfter));
        }

        return table;
    }
}
