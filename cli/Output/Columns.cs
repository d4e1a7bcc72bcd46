namespace MeshOrleans.Cli.Output;

/// <summary>How wide the columns of a table are.</summary>
internal static class Columns
{
    private const int Least = 8;

    /// <summary>What every column needs.</summary>
    public static int[] Natural(TextTable table) =>
    [
        .. table.Headers.Select(
            (header, column) => table.Rows.Select(r => r[column].Length).Append(header.Length).Max()),
    ];

    /// <summary>The same, but within a total: the widest columns give way first, narrow ones never.</summary>
    /// <param name="natural">What every column needs.</param>
    /// <param name="headers">No column becomes narrower than its header.</param>
    /// <param name="total">Room for all columns together.</param>
    public static int[] Fit(int[] natural, IReadOnlyList<string> headers, int total)
    {
        int[] widths = [.. natural];
        for (var excess = widths.Sum() - total; excess > 0; excess--)
        {
            var widest = widths.Index()
                .Where(c => c.Item > Math.Max(Least, headers[c.Index].Length))
                .OrderByDescending(c => c.Item)
                .Select(c => (int?)c.Index)
                .FirstOrDefault();
            if (widest is null) break;
            widths[widest.Value]--;
        }

        return widths;
    }
}
