using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>Who calls in plaintext.</summary>
internal static class CallerTable
{
    public static TextTable Of(IEnumerable<PlaintextCallerRow> rows, TimeProvider clock, bool wide)
    {
        string[] left = ["WORKLOAD", "PORT", "CALLER", "ADDRESS", "LAST SEEN", "STRICT"];
        string[] right = ["CONNECTIONS", "OPEN", "FIRST SEEN", "KIND", "MODE", "POLICY"];
        var table = new TextTable(wide ? [.. left, .. right] : left);
        foreach (var row in rows)
        {
            string?[] cells =
            [
                row.Workload, $"{row.Port}", Shorten.List(row.Members ?? [], wide), row.Address,
                row.Open > 0 ? "connected" : Ages.Since(row.LastSeen, clock), Effect(row),
            ];
            if (wide)
            {
                cells =
                [
                    .. cells, $"{row.Connections}", $"{row.Open}", Ages.At(row.FirstSeen), row.Kind.ToLowerInvariant(),
                    row.Mode, row.Policy,
                ];
            }

            table.Add(cells);
        }

        return table;
    }

    private static string Effect(PlaintextCallerRow row) => row.Standing switch
    {
        "WOULD_BE_REFUSED" => "refuses",
        "REFUSED" => "in force",
        "EXEMPT" => "not there",
        "OUTDATED" => "uses mTLS",
        _ => row.Standing,
    };
}
