using System.Globalization;
using System.Text;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>Figures in Prometheus' text format, version 0.0.4.</summary>
public sealed class PrometheusText
{
    private readonly StringBuilder _text = new();

    /// <summary>Says what the lines that follow mean.</summary>
    /// <param name="name">The metric.</param>
    /// <param name="kind"><c>gauge</c>, <c>counter</c> or <c>histogram</c>.</param>
    /// <param name="help">A sentence.</param>
    public void Head(string name, string kind, string help) =>
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {kind}\n");

    /// <summary>One figure.</summary>
    /// <param name="name">The metric, with its labels.</param>
    /// <param name="value">To six decimals.</param>
    public void Line(string name, double value) =>
        _text.Append(name).Append(' ').Append(value.ToString("0.######", CultureInfo.InvariantCulture)).Append('\n');

    /// <summary>A label's value, with backslash, quote and line end escaped.</summary>
    public static string Label(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    public override string ToString() => _text.ToString();
}
