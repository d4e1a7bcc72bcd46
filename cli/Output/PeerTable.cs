using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>The federated meshes.</summary>
internal static class PeerTable
{
    private const int ErrorLength = 40;

    public static TextTable Of(IEnumerable<PeerRow> rows, bool wide)
    {
        var table = new TextTable(
            "NAME", "TRUST DOMAIN", "ADDRESS", "STATUS", "LAST SYNC", "IMPORTED", "EXPORTED", "ERROR");
        foreach (var row in rows)
        {
            table.Add(
                row.Name, row.TrustDomain, row.Address, row.Status,
                row.AgeSeconds is { } age and < 1e9 ? $"{Ages.Of(TimeSpan.FromSeconds(age))} ago" : "never",
                Services(row.Imported, wide), Services(row.Exported, wide),
                wide ? row.Error : Shorten.To(row.Error ?? "", ErrorLength));
        }

        return table;
    }

    private static string Services(IReadOnlyList<string>? names, bool wide) =>
        wide ? string.Join(',', names ?? []) : $"{names?.Count ?? 0}";
}
