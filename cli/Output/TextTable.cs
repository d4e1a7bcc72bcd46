namespace MeshOrleans.Cli.Output;

/// <summary>Rows and columns, before anybody knows how they are shown.</summary>
internal sealed class TextTable(params IReadOnlyList<string> headers)
{
    private readonly List<string[]> _rows = [];

    public IReadOnlyList<string> Headers { get; } = headers;

    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    /// <summary>Adds a row; an empty cell is shown as a dash, so that a script can count columns.</summary>
    public void Add(params ReadOnlySpan<string?> cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, Headers.Count, nameof(cells));
        var row = new string[cells.Length];
        for (var i = 0; i < row.Length; i++) row[i] = cells[i] is { Length: > 0 } cell ? Printable.Of(cell) : "-";
        _rows.Add(row);
    }
}
