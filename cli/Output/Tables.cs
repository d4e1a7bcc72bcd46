using Spectre.Console;

namespace MeshOrleans.Cli.Output;

/// <summary>Shows a table: plain columns for programs, colours for a terminal; always one line a row.</summary>
internal static class Tables
{
    private const string Gap = "   ";

    private static readonly Dictionary<string, Color> Colors = new(StringComparer.OrdinalIgnoreCase)
    {
        ["SYNCED"] = Color.Green,
        ["Healthy"] = Color.Green,
        ["PENDING"] = Color.Yellow,
        ["STALE"] = Color.Yellow,
        ["Draining"] = Color.Yellow,
        ["NACKED"] = Color.Red,
        ["DISCONNECTED"] = Color.Red,
        ["Unhealthy"] = Color.Red,
    };

    /// <param name="host">Where to.</param>
    /// <param name="table">The rows.</param>
    /// <param name="isWide">Every value whole, even where a line becomes longer than the terminal.</param>
    public static void Write(CliHost host, TextTable table, bool isWide = false)
    {
        var widths = Columns.Natural(table);
        if (host.TerminalWidth is not { } terminal || host.Variable("TERM") == "dumb")
        {
            WritePlain(host.Out, table, widths);
            return;
        }

        if (!isWide) widths = Columns.Fit(widths, table.Headers, terminal - ((widths.Length - 1) * Gap.Length));
        WriteRich(host, table, widths);
    }

    private static void WritePlain(TextWriter output, TextTable table, int[] widths)
    {
        foreach (var row in table.Rows.Prepend(table.Headers))
        {
            output.WriteLine(string.Join(Gap, row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    private static void WriteRich(CliHost host, TextTable table, int[] widths)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(host.Out),
            Ansi = AnsiSupport.Yes,
            ColorSystem = host.Variable("NO_COLOR") is { Length: > 0 }
                ? ColorSystemSupport.NoColors
                : ColorSystemSupport.Standard,
            Interactive = InteractionSupport.No,
        });
        // The columns fit already; Spectre would shrink all of them alike.
        console.Profile.Width = widths.Sum() + (widths.Length * Gap.Length);
        var rich = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var (column, header) in table.Headers.Index())
        {
            var title = new Text(header, new Style(decoration: Decoration.Bold));
            var shape = new TableColumn(title) { NoWrap = true, Width = widths[column] };
            rich.AddColumn(shape.PadLeft(0).PadRight(column == widths.Length - 1 ? 0 : Gap.Length));
        }

        foreach (var row in table.Rows) rich.AddRow(row.Select((cell, column) => Cell(cell, widths[column])));
        console.Write(rich);
    }

    private static Text Cell(string text, int width) =>
        new(Shorten.To(text, width), Colors.TryGetValue(text, out var color) ? new Style(color) : Style.Plain);
}
